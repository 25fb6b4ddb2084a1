"""Ways out for programs that work for strangers: proxies on loopback, with a password in the
program's environment alone, which open connections where somebody said and count what comes back.

Programs connect where servers and files tell them to, and their settings stop some of that. What
has to go through a gate stops all of it. The names are left to the gate, too: it looks each up
once, and connects to what was looked at.
"""
