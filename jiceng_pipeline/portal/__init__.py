"""门户 (the portal): the web site for village clerks and those above them; server-rendered, and nothing but pages.

Every row it shows comes through `returns/`. What it keeps itself (accounts, second factors, lock-outs, sessions)
lies in `JICENG_HOME/portal/`.
"""
