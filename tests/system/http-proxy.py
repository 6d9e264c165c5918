# The clients of tests/system/http-proxy, the relay between nginx and the server,
# and a reader that takes RFC 9112 at its word.
#   relay PORT FOLDER                 passes on to PORT, and keeps both directions
#   direct|buffered|streamed PORT FOLDER ACCESS_LOG SERVER_PORT
import itertools, os, re, socket, sys, threading, time
from collections import Counter
from random import Random

QUIET_S = 0.3
TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
numbers = itertools.count(1)

# --- the strict reader ------------------------------------------------------


class Bad(Exception):
    pass


class More(Exception):
    pass


def line(data, at):
    """One line behind AT, without its CRLF, and where the next begins."""
    end = data.find(b"\r\n", at)
    text = data[at:] if end < 0 else data[at:end]
    if re.search(rb"[\r\n\0]", text.rstrip(b"\r") if end < 0 else text):
        raise Bad("line")
    if end < 0:
        raise More()
    return text, end + 2


def fields(data, at):
    found = []
    while True:
        text, at = line(data, at)
        if not text:
            return found, at
        match = re.fullmatch(rb"(" + TOKEN + rb"):[ \t]*([\t \x21-\x7e\x80-\xff]*?)[ \t]*", text)
        if not match:
            raise Bad("field")
        found.append((match[1].lower(), match[2]))


def chunks(data, at):
    while True:
        text, at = line(data, at)
        match = re.fullmatch(rb"([0-9A-Fa-f]{1,15})([ \t]*;[\t \x21-\x7e\x80-\xff]*)?", text)
        if not match:
            raise Bad("chunk")
        size = int(match[1], 16)
        if not size:
            return fields(data, at)[1]
        if len(data) < at + size + 2:
            raise More()
        if data[at + size:at + size + 2] != b"\r\n":
            raise Bad("end of chunk")
        at += size + 2


def body(version, head, data, at):
    values = lambda name: [v for n, v in head if n == name]
    lengths, codings = values(b"content-length"), values(b"transfer-encoding")
    if len(lengths) > 1 or len(codings) > 1 or (lengths and codings):
        raise Bad("framing")
    if codings:
        if version == b"0" or codings[0].lower() != b"chunked":
            raise Bad("coding")
        return chunks(data, at)
    if lengths:
        if not re.fullmatch(rb"[0-9]{1,15}", lengths[0]):
            raise Bad("length")
        at += int(lengths[0])
        if len(data) < at:
            raise More()
    return at


def head_of(data, at):
    """The address of a request, whether it is the last, its fields, whether it has
    chunks, and where its body begins."""
    text, at = line(data, at)
    match = re.fullmatch(rb"(" + TOKEN + rb") ([\x21\x22\x24-\x7e\x80-\xff]+) HTTP/1\.([0-9])", text)
    if not match:
        raise Bad("request line")
    head, at = fields(data, at)
    hosts = [v for n, v in head if n == b"host"]
    if len(hosts) > 1 or (not hosts and match[3] != b"0"):
        raise Bad("Host")
    wishes = b",".join(v for n, v in head if n == b"connection").lower()
    last = b"close" in wishes if match[3] != b"0" else b"keep-alive" not in wishes
    return match[2], last, (match[3], head), any(n == b"transfer-encoding" for n, _ in head), at


def request(data, at):
    """The address of one request, whether it is the last, whether it has chunks,
    where it ends."""
    if data.startswith(b"\r\n", at):
        at += 2
    address, last, head, chunked, at = head_of(data, at)
    return address, last, chunked, body(*head, data, at)


def requests(data):
    """Numbers of all that a strict server answers in DATA, of one that has not
    come whole, and how many of them this server must answer: it closes behind the
    first that has chunks."""
    found, at, cut, due = [], 0, [], None
    try:
        while at < len(data):
            address, last, chunked, at = request(data, at)
            found.append(number_of(address))
            if chunked and due is None:
                due = len(found)
            if last:
                break
    except More:
        cut = [number_of(data[at:].split(b"\r\n")[0])]
    except Bad:
        pass
    return found, cut, len(found) if due is None else due


def forgiven(data):
    """DATA as libmicrohttpd 0.9 takes it, which tells nobody: empty lines before a
    request, also of LF alone and behind a NUL; NUL LF for CRLF; the end of a head
    by a line that begins with a colon or a NUL, where it is no longer than CRLF
    CRLF; and chunks with LF for CRLF, behind which nothing is read."""
    data = re.sub(rb"\r\n[:\0]\n|(?<!\r)\n[:\0][^\n]\n", b"\r\n\r\n", data).replace(b"\0\n", b"\r\n")
    found, at = [], 0
    try:
        while at < len(data):
            at = re.compile(rb"(\r?\n|\0[^\n]*\n)*").match(data, at).end()
            start = at
            address, last, _, chunked, at = head_of(data, at)
            if not chunked:
                at = request(data, start)[3]
            found.append(number_of(address))
            if last or chunked:
                break
    except (Bad, More):
        pass
    return found


def number_of(text):
    match = re.search(rb"\?id([0-9]+)=", text)
    return int(match[1]) if match else None


def quoted_number(page):
    match = re.search(rb"unknown parameter (?:'|&#39;)id([0-9]+)(?:'|&#39;)", page)
    return int(match[1]) if match else None


def responses(data):
    """(status, number) of each; the server's error page quotes the number."""
    found, at = [], 0
    while data.startswith(b"HTTP/1.1 ", at):
        end = data.find(b"\r\n\r\n", at)
        if end < 0:
            break
        head, status = data[at:end], int(data[at + 9:at + 12])
        length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
        size = int(length[1]) if length and status not in (100, 204, 304) else 0
        at = end + 4 + size
        if re.search(rb"(?i)\r\ntransfer-encoding: chunked", head):
            at = chunks(data, end + 4)
        if status != 100:
            found.append((status, quoted_number(data[end + 4:at])))
    return found, data[at:]


# --- clients ----------------------------------------------------------------


def exchange(port, data, half_close=False, quiet_s=QUIET_S):
    """All that comes until the other end closes, or is quiet; whether it closed."""
    s = socket.create_connection(("127.0.0.1", port))
    s.settimeout(quiet_s)
    got = b""
    try:
        s.sendall(data)
        if half_close:
            s.shutdown(socket.SHUT_WR)
        while True:
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
        closed = True
    except OSError as e:
        closed = not isinstance(e, TimeoutError)
    s.close()
    return got, closed


def send(*args, **options):
    return exchange(*args, **options)[0]


def ask(number, more=b"", method=b"GET", version=b"1.1"):
    """A request whose answer has NUMBER in it; the head is not ended."""
    return b"%s /runs?id%d=1 HTTP/%s\r\nHost: bench.example\r\n%s" % (method, number, version, more)


def canary(port):
    number = next(numbers)
    got, rest = responses(send(port, ask(number, b"Connection: close\r\n\r\n"), quiet_s=10))
    return got == [(400, number)] and not rest


def battery():
    """(name, bytes); each request in them has a number of its own."""
    n = lambda: next(numbers)
    te, cl = b"Transfer-Encoding: chunked\r\n", b"Content-Length: %d\r\n"
    inner = lambda: ask(n(), b"\r\n")
    empty = b"0\r\n\r\n"

    yield "one request", inner()
    yield "a pipeline of five", b"".join(inner() for _ in range(5))
    yield "a body on GET", ask(n(), cl % 5) + b"\r\nhello" + inner()
    yield "chunks on GET", ask(n(), te) + b"\r\n5\r\nhello\r\n" + empty + inner()
    yield "HTTP/1.0 that stays", ask(n(), b"Connection: keep-alive\r\n\r\n", version=b"1.0") + inner()
    yield "HTTP/1.0 that goes", ask(n(), b"\r\n", version=b"1.0") + inner()
    yield "a request as a body", ask(n(), cl % len(ask(10 ** 6, b"\r\n"))) + b"\r\n" + ask(10 ** 6, b"\r\n") + inner()
    yield "absolute form", ask(n(), b"\r\n").replace(b"GET /", b"GET http://bench.example/") + inner()
    yield "absolute form of another", ask(n(), b"\r\n").replace(b"GET /", b"GET http://evil.example/") + inner()
    for method in (b"GET", b"POST"):
        for name, head in FRAMINGS:
            smuggled = inner()
            for how, rest in (("empty chunk", empty + smuggled), ("request", smuggled),
                              ("chunk", b"%x\r\n%s\r\n%s" % (len(smuggled), smuggled, empty))):
                size = len(rest) if "short" not in name else 4
                yield f"{method.decode()}, {name}, {how}", ask(n(), head.replace(b"SIZE", b"%d" % size), method) + b"\r\n" + rest + inner()
    for name, text in CHUNKS:
        yield f"chunks: {name}", ask(n(), te) + b"\r\n" + text.replace(b"INNER", inner()) + inner()
    for name, text in HEADS:
        yield f"head: {name}", ask(n(), text) + inner()
        yield f"second head: {name}", inner() + ask(n(), text) + inner()


T, C, R = b"Transfer-Encoding", b"Content-Length", b"\r\n"
FRAMINGS = [
    ("CL.TE", b"Content-Length: SIZE\r\nTransfer-Encoding: chunked\r\n"),
    ("TE.CL short", b"Transfer-Encoding: chunked\r\nContent-Length: SIZE\r\n"),
    ("CL.CL", b"Content-Length: 0\r\nContent-Length: SIZE\r\n"),
    ("CL.CL short", b"Content-Length: SIZE\r\nContent-Length: 0\r\n"),
    ("CL list", b"Content-Length: SIZE, SIZE\r\n"),
    ("CL.0", b"Content-Length: SIZE\r\n"),
    ("0.CL", b"\r\nContent-Length: SIZE\r\n"),
    ("TE.TE", T + b": chunked\r\n" + T + b": chunked\r\n"),
    ("TE.TE identity", T + b": chunked\r\n" + T + b": identity\r\n"),
    ("TE list", T + b": identity, chunked\r\n"),
    ("TE unknown", T + b": xchunked\r\n"),
    ("TE quoted", T + b': "chunked"\r\n'),
    ("TE empty", T + b":\r\n"),
    ("TE blank before colon", T + b" : chunked\r\n"),
    ("TE tab before colon", T + b"\t: chunked\r\n"),
    ("TE folded", T + b":\r\n chunked\r\n"),
    ("TE folded name", b"A: b\r\n " + T + b": chunked\r\n"),
    ("TE vertical tab", T + b": \x0bchunked\r\n"),
    ("TE behind bare LF", b"A: b\n" + T + b": chunked\r\n"),
    ("TE behind bare CR", b"A: b\r" + T + b": chunked\r\n"),
    ("TE behind NUL", b"A: b\0" + T + b": chunked\r\n"),
    ("TE with NUL", T + b"\0: chunked\r\n"),
    ("TE with LF", T + b": chunked\n"),
    ("TE underscore", b"Transfer_Encoding: chunked\r\n"),
    ("TE leading blank", b" " + T + b": chunked\r\n"),
    ("CL underscore", b"Content_Length: SIZE\r\n"),
    ("CL plus", C + b": +SIZE\r\n"),
    ("CL minus", C + b": -SIZE\r\n"),
    ("CL hexadecimal", C + b": 0xSIZE\r\n"),
    ("CL zeros", C + b": 000SIZE\r\n"),
    ("CL beyond 64 bits", C + b": 18446744073709551616\r\n"),
    ("CL blank before colon", C + b" : SIZE\r\n"),
    ("CL folded", C + b":\r\n SIZE\r\n"),
    ("Connection names it", b"Connection: Content-Length\r\nContent-Length: SIZE\r\n"),
    ("Upgrade", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"),
    ("Expect", b"Expect: 100-continue\r\nContent-Length: SIZE\r\n"),
    ("Expect other", b"Expect: 100-continue, x\r\nContent-Length: SIZE\r\n"),
]
CHUNKS = [
    ("an extension", b"5;a=b\r\nhello\r\n0\r\n\r\n"),
    ("a long extension", b"5;a=" + b"b" * 20000 + b"\r\nhello\r\n0\r\n\r\n"),
    ("LF ends an extension", b"5;\nINNER\r\nhello\r\n0\r\n\r\n"),
    ("CR in an extension", b"5;\rx\r\nhello\r\n0\r\n\r\n"),
    ("LF ends a size", b"5\nhello\r\n0\r\n\r\n"),
    ("LF ends a chunk", b"5\r\nhello\n0\r\n\r\n"),
    ("anything ends a chunk", b"5\r\nhelloxx0\r\n\r\nINNER"),
    ("a size with a blank", b"5 \r\nhello\r\n0\r\n\r\n"),
    ("a size behind a blank", b" 5\r\nhello\r\n0\r\n\r\n"),
    ("a size with a sign", b"+5\r\nhello\r\n0\r\n\r\n"),
    ("a negative size", b"-5\r\nhello\r\n0\r\n\r\n"),
    ("a size with 0x", b"0x5\r\nhello\r\n0\r\n\r\n"),
    ("a size with an underscore", b"0_5\r\nhello\r\n0\r\n\r\n"),
    ("a size beyond 64 bits", b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    ("zeros", b"00000000\r\n\r\n"),
    ("no size", b"\r\nINNER"),
    ("a trailer", b"0\r\nA: b\r\n\r\n"),
    ("a trailer with a length", b"0\r\nContent-Length: 40\r\n\r\n"),
    ("a trailer that is none", b"0\r\nINNER"),
    ("an end without its line", b"0\r\nINNER\r\n"),
    ("LF ends all", b"0\n\nINNER"),
    ("a NUL in a size", b"5\0\r\nhello\r\n0\r\n\r\n"),
]
HEADS = [
    ("a folded line", b"A: b\r\n c\r\n\r\n"),
    ("a name with a blank", b"A b: c\r\n\r\n"),
    ("a name with a colon before it", b": b\r\n\r\n"),
    ("no colon", b"GET /runs?id1=1 HTTP/1.1\r\n\r\n"),
    ("LF ends a line", b"A: b\n\r\n"),
    ("LF ends all", b"A: b\r\n\n"),
    ("CR within", b"A: b\rc\r\n\r\n"),
    ("two CR", b"A: b\r\r\n\r\n"),
    ("NUL within", b"A: b\0c\r\n\r\n"),
    ("NUL begins a line", b"\0A: b\r\n\r\n"),
    ("NUL is a line", b"\0\r\n\r\n"),
    ("two Hosts", b"Host: evil.example\r\n\r\n"),
    ("a second Host, folded away", b"A: b\r\n Host: evil.example\r\n\r\n"),
    ("a long line", b"A: " + b"b" * 20000 + b"\r\n\r\n"),
    ("too long a line", b"A: " + b"b" * 60000 + b"\r\n\r\n"),
    ("many lines", b"A: b\r\n" * 2000 + b"\r\n"),
    ("bytes that are no text", b"A: \x80\xff\r\n\r\n"),
]

PIECES = [b"\r", b"\n", b"\0", b" ", b"\t", b":", b",", b";", b"\r\n", b"0", b"5", b"\x0b", b"\x7f", b"\x80", b"\r\n\r\n",
          b"chunked", b"Content-Length: 5\r\n", b"HTTP/1.1", b"Host: x\r\n", b"Connection: close\r\n"]
DAMAGED = 2000
FORGIVEN = {f"chunks: {name}" for name in ("CR in an extension", "LF ends a size", "LF ends a chunk", "LF ends all")} | {"damaged"}


def damaged():
    """Requests of the battery with up to three mistakes, the same each time."""
    random = Random(27)
    short = [data for _, data in battery() if len(data) < 1500]
    for _ in range(DAMAGED):
        data = random.choice(short)
        for _ in range(random.randint(1, 3)):
            at = random.randrange(len(data) + 1)
            keep = at + random.choice([0, 0, 1, 2, 5])
            data = data[:at] + random.choice(PIECES + [b""] * 5) + data[keep:]
        yield "damaged", data

# --- relay ------------------------------------------------------------------


def pump(source, sink, path):
    with open(path, "wb", buffering=0) as log:
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                log.write(piece)
                sink.sendall(piece)
        except OSError:
            pass
    for s, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        try:
            s.shutdown(how)
        except OSError:
            pass


def relay(port, folder):
    os.mkdir(folder)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    for number in itertools.count():
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", port))
        for pair in ((client, server, "in"), (server, client, "out")):
            threading.Thread(target=pump, args=(*pair[:2], f"{folder}/{number:05}.{pair[2]}"), daemon=True).start()


# --- what is compared -------------------------------------------------------


def replies(port):
    page = send(port, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", quiet_s=10)
    return sum(int(float(v)) for v in re.findall(rb"l1vh_serve_replies_total\{[^}]*\} (\S+)", page))


def direct(port, trial):
    """The server answers what the reader sees, and closes then."""
    name, data = trial
    answer, closed = exchange(port, data, True, 10)
    got, rest = responses(answer)
    # Some answers have no number, such as 405 to a POST; a refusal may be the last.
    said = [number for _, number in got]
    wanted, _, due = requests(data)
    if name in FORGIVEN:
        wanted = forgiven(data)
    good = all(a in (None, w) for a, w in zip(said, wanted)) and said[len(wanted):] in ([], [None])
    # The library's own refusal has another one behind it, of another length.
    good = good and closed and (not rest or said[-1:] == [None]) and (len(said) >= due or said[-1:] == [None])
    if not good:
        print(f"{name}: {data[:400]!r}: answered {got}, {'' if closed else 'did not close, '}"
              f"and a strict reader sees {wanted}, the first {due} of which are due")
    return good


def through(port, trial):
    """Whoever comes next gets an answer of his own."""
    name, data = trial
    sent = {int(m) for m in re.findall(rb"id([0-9]+)=", data)}
    got, _ = responses(send(port, data))
    strange = [number for _, number in got if number and number not in sent]
    good = not strange and all(canary(port) for _ in range(2))
    if not good:
        print(f"{name}: {got}, and a canary did not get its own")
    return good


def compare_logs(folder, access_log, sizes, first_line, said):
    """nginx, the wire and the server agree about how many and which."""
    on_wire, answered = [], 0
    for path in sorted(p[:-3] for p in os.listdir(folder) if p.endswith(".in")):
        # A connection may be kept from the battery before.
        asked, cut, _ = requests(open(f"{folder}/{path}.in", "rb").read()[sizes.get(f"{path}.in", 0):])
        got, rest = responses(open(f"{folder}/{path}.out", "rb").read()[sizes.get(f"{path}.out", 0):])
        wrong = [(a, n) for a, (_, n) in zip(asked, got) if n is not None and n != a]
        # A request that its client gave up is answered or not.
        if wrong or not len(asked) <= len(got) <= len(asked) + len(cut) or rest:
            print(f"connection {path}: asked {asked} and {cut}, answered {got}, then {rest[:60]!r}")
            return False
        on_wire += asked + cut
        answered += len(got)
    # One line per request, and one status in it for each time it was passed on.
    # A client that went before the answer (499) leaves none, passed on or not.
    forwarded, left = [], []
    for log in [l.split("|", 2) for l in open(access_log, errors="replace")][first_line:]:
        number = number_of(log[2].encode())
        forwarded += [number] * (log[1] != "-") * len(log[1].split(","))
        left += [number] * (log[:2] == ["499", "-"])
    lost, extra = Counter(forwarded) - Counter(on_wire), Counter(on_wire) - Counter(forwarded) - Counter(left)
    print(f"# nginx passed {len(forwarded)} on, the wire has {len(on_wire)}, answers are {answered}, the server says {said}")
    print(f"# only in nginx's log: {dict(lost)}; only on the wire: {dict(extra)}")
    return not lost and not extra and answered == said


def main():
    mode, port, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    if mode == "relay":
        return relay(port, folder)
    access_log, server = sys.argv[4], int(sys.argv[5])
    # Numbers of one battery are not those of another.
    global numbers
    numbers = itertools.count({"direct": 1, "buffered": 100001, "streamed": 200001}[mode])
    first_line = sum(1 for _ in open(access_log, errors="replace"))
    sizes = {path: os.path.getsize(f"{folder}/{path}") for path in os.listdir(folder)}
    tried = survived = 0
    before = replies(server)
    for trial in itertools.chain(battery(), damaged() if mode == "direct" else ()):
        tried += 1
        survived += direct(port, trial) and canary(port) if mode == "direct" else through(port, trial)
    good = tried == survived and tried > 100
    if mode != "direct":
        time.sleep(QUIET_S)
        # Less the answer that said how many there were.
        good = compare_logs(folder, access_log, sizes, first_line, replies(server) - before - 1) and good
    print(f"# faults: http: {tried} tried, {survived} survived")
    sys.exit(not good)


main()
