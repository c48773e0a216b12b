// Verifies a token as a JavaScript service would: node with_jose.mjs JOSE JWKS-URL ISSUER AUDIENCE TOKEN
const [jose, jwks, issuer, audience, token] = process.argv.slice(2);
const { createRemoteJWKSet, jwtVerify } = await import(jose);
const keys = createRemoteJWKSet(new URL(jwks));
const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: ["RS256"], currentDate: new Date(1700000001000) });
console.log(payload.sub);
