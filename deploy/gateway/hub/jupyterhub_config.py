"""A JupyterHub to try the gateway with. Not for the internet: anybody who has the password is whom
they say.
"""

import os
import secrets

c = get_config()  # noqa: F821 - JupyterHub's own

c.JupyterHub.bind_url = "http://:8000"
c.JupyterHub.hub_bind_url = "http://:8081"
c.JupyterHub.hub_connect_url = "http://hub:8081"
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.Authenticator.allow_all = True
c.Spawner.default_url = "/lab"

password = os.environ.get("HUB_PASSWORD") or secrets.token_urlsafe(9)
c.DummyAuthenticator.password = password
print(f"The password of this hub is {password}", flush=True)  # noqa: T201 - for the log

# The gateway, which runs beside the hub. With these scopes of whoever is logged in it starts their
# own server, and puts the notebook there by a token for that server alone.
c.JupyterHub.services = [
    {
        "name": "notebooks",
        "display": True,
        "url": os.environ["GATEWAY_URL"],
        "api_token": os.environ["GATEWAY_TOKEN"],
        "oauth_no_confirm": True,
        "oauth_client_allowed_scopes": [
            "servers!user",
            "access:servers!user",
            "tokens!user",
        ],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "user",
        "scopes": ["self", "access:services!service=notebooks"],
    }
]
