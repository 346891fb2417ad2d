"""What people with bad intentions type: more than two hundred payloads, by what they aim at."""

_SQL = [
    f"{quote}{body}{end}"
    for quote in ("'", '"', "", "')", "';")
    for body in (
        " or 1=1", " union select * from governance.resident", " or ''='", "; drop table returned.resident_register",
        " union all select current_setting('temp_directory')", "; copy governance.resident to '/tmp/leak.csv'",
        "; attach '/etc/passwd' as x", " or exists(select 1 from read_text('/etc/passwd'))", "; install httpfs",
        "; set enable_external_access=true",
    )
    for end in ("", " --", "/*")
]  # fmt: skip
_TEMPLATE = [
    "{{7919*7907}}",
    "${7919*7907}",
    "{%debug%}",
    "{{request.user.password}}",
    "#{7919*7907}",
    "{{settings.SECRET_KEY}}",
    "{% include '/etc/passwd' %}",
    "<%= 7919*7907 %>",
]
_MARKUP = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "'><b>x</b>",
    "<iframe src=//evil.example>", "javascript:alert(1)", "</title><script>alert(1)</script>", "<!--", "]]>",
    "&lt;script&gt;", "<math><mtext></mtext></math>", "\u202e\u0000<x>",
]  # fmt: skip
_PATH = [
    "../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/", "....//....//", "/etc/passwd", "\\..\\..\\x",
    "resident_register.parquet%00.xlsx", "file:///etc/passwd", "~root", ".env", "..;/", "ledger.sqlite",
]  # fmt: skip
_HEADER = ["a\r\nSet-Cookie: session=x", "a\nX-Injected: 1", "%0d%0aLocation:%20//evil.example", "a\x0b\x0cb"]
_FORMULA = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "=HYPERLINK(\"http://evil.example\")", "=cmd|' /C calc'!A0", "\t=1",
            "\r=1", "＝1+1", "=WEBSERVICE(\"http://evil.example\")"]  # fmt: skip
_NUMBERS = ["-1", "0", "99999999999999999999", "1e309", "NaN", "0x10", "１２", "²", "1;2", "1,2", "null", "true"]
PAYLOADS = [*_SQL, *_TEMPLATE, *_MARKUP, *_PATH, *_HEADER, *_FORMULA, *_NUMBERS]
