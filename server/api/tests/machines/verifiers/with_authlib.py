# Verifies a token as a Python service would: python with_authlib.py JWKS-URL ISSUER AUDIENCE TOKEN
import json, sys, urllib.request, warnings
warnings.filterwarnings("ignore")
from authlib.jose import JsonWebKey, JsonWebToken

url, issuer, audience, token = sys.argv[1:]
keys = JsonWebKey.import_key_set(json.load(urllib.request.urlopen(url)))
options = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": audience}, "exp": {"essential": True}}
claims = JsonWebToken(["RS256"]).decode(token, keys, claims_options=options)
claims.validate(now=1700000001)
print(claims["sub"])
