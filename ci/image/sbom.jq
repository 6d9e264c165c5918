# The document that ci/image/sbom prints, of its tables: one row per line, words
# divided by blanks. Identifiers may have letters, digits, dots and dashes.
def rows: split("\n") | map(select(. != "") | split(" "));
def reference: "SPDXRef-" + gsub("[^A-Za-z0-9.-]"; "-");

# Debian's names and versions have signs that a URL may not.
def purl($name; $version; $arch):
	($distribution | split(" ")) as $d
	| "pkg:deb/\($d[0])/\($name | @uri)@\($version | @uri)?arch=\($arch)&distro=\($d | join("-"))";

def package($key; $name; $version; $licence): {
	SPDXID: ($key | reference),
	name: $name,
	versionInfo: $version,
	downloadLocation: "NOASSERTION",
	filesAnalyzed: false,
	licenseConcluded: "NOASSERTION",
	licenseDeclared: $licence,
	copyrightText: "NOASSERTION"
};

def debian($name; $version; $arch; $licence):
	package($name; $name; $version; $licence) + {
		supplier: "Organization: Debian",
		externalRefs: [{
			referenceCategory: "PACKAGE-MANAGER",
			referenceType: "purl",
			referenceLocator: purl($name; $version; $arch)
		}]
	};

def relation($a; $kind; $b): {
	spdxElementId: $a,
	relationshipType: $kind,
	relatedSpdxElement: $b
};

($codes | rows | map({key: (.[0] | reference), value: .[1]}) | from_entries) as $code
| ($kernel | split(" ")) as $linux
| ($files | rows | to_entries | map({
	id: "SPDXRef-file-\(.key + 1)",
	sha1: .value[0],
	sha256: .value[1],
	path: .value[2],
	owner: (.value[3] | reference)
})) as $file
| {
	spdxVersion: "SPDX-2.3",
	dataLicense: "CC0-1.0",
	SPDXID: "SPDXRef-DOCUMENT",
	name: $name,
	documentNamespace: "https://spdx.org/spdxdocs/l1vh-bench-\($revision)-\($unique)",
	creationInfo: {created: $created, creators: ["Tool: l1vh-bench-ci-image-\($revision)"]},
	packages: ([
		package("image"; $name; $revision; "NOASSERTION") + {primaryPackagePurpose: "CONTAINER"},
		package("l1vh-bench"; "l1vh-bench"; $revision; "GPL-3.0-or-later")
			+ {primaryPackagePurpose: "APPLICATION", downloadLocation: $source},
		package("guest"; "l1vh-bench-guest"; $revision; "NOASSERTION")
			+ {primaryPackagePurpose: "OPERATING_SYSTEM"},
		debian($linux[0]; $linux[1]; "amd64"; "GPL-2.0-only")
	] + ($packages | rows | map(debian(.[0]; .[1]; .[2]; "NOASSERTION")))
	| map(if $code[.SPDXID] then . + {
		filesAnalyzed: true,
		packageVerificationCode: {packageVerificationCodeValue: $code[.SPDXID]}
	} else . end)),
	files: ($file | map({
		SPDXID: .id,
		fileName: ("." + .path),
		checksums: [
			{algorithm: "SHA1", checksumValue: .sha1},
			{algorithm: "SHA256", checksumValue: .sha256}
		],
		licenseConcluded: "NOASSERTION",
		copyrightText: "NOASSERTION"
	})),
	relationships: ([
		relation("SPDXRef-DOCUMENT"; "DESCRIBES"; "SPDXRef-image"),
		relation("SPDXRef-image"; "CONTAINS"; "SPDXRef-l1vh-bench"),
		relation("SPDXRef-image"; "CONTAINS"; "SPDXRef-guest"),
		relation("SPDXRef-guest"; "CONTAINS"; $linux[0] | reference)
	]
	+ ($relations | rows | map(relation(.[0] | reference; .[1]; .[2] | reference)))
	+ ($file | map(relation(.owner; "CONTAINS"; .id))))
}
