//! Groups for DHE that a server should not have. Made for these tests, and good for nothing else.

/// A prime of 480 bits, with 2 as generator.
pub(super) const OF_480_BITS: &str = "\
-----BEGIN DH PARAMETERS-----
MEICPQDu1LHw6cPe7pTYzUdxjjuvlELzYvkZyzLe/VZwKmayWbt5jpugOhkVEpHw
BjCdV+1E4y29yRDCAT+Y4O8CAQI=
-----END DH PARAMETERS-----
";

/// A prime of 512 bits, with 2 as generator.
pub(super) const OF_512_BITS: &str = "\
-----BEGIN DH PARAMETERS-----
MEYCQQDZyQ6IGhJMFRjWdaSytHrnpkgv5m9rhCGtlZO0L/kTTVPpz9I9GyCFRPX3
Jc3GVvunWmihOPg9dIAAs9lPXUENAgEC
-----END DH PARAMETERS-----
";

/// A prime of 1024 bits, with 2 as generator.
pub(super) const OF_1024_BITS: &str = "\
-----BEGIN DH PARAMETERS-----
MIGHAoGBAOppArGRw35NB9JHPC2qAmIF8+223E8xmgyiiJgS4lEd1gkE2aASGQPS
ltdqN5V7huGr0tGm4RA6/6p8w369c8roW1HKzxU5wFUiU4FiUwwIQc3vROHTCgEe
HggZ0tqP8a1vJQ3Vt9mBrTITtdkAAFUbRnubgfz/S5921ou/Sc5VAgEC
-----END DH PARAMETERS-----
";

/// A product of two primes of 1024 bits, with 2 as generator.
pub(super) const COMPOSITE: &str = "\
-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEAlMzDX2yGQ2h8vWP+hbBAZXTw6RpaIYRtY2QbA3NR5gAVmcjG1LW+
BkGauJsJVwMCr58qV8v9z3jSBEeSS7khzPG+sQd2nvEu1FA8W/A/G+9GJY3FCCMe
7gs49IeKaQ1xP6eN5CGZbPr7ZKQ+8hS3WWAWnv2Md11ognGL0aVBsiDPYhdpzsm5
3dpkeMy7g1KbHKA7wIHo33vV4sOKC9jJe+ReT0KTyAS/t0O9W1M1K9ADe9lwKmH0
yoV8S/4AGWOYW7LWb08H08jbrGHo2JS9XAsO2aBJTlR/DPvcbqff1tTh2CKxanx0
ypFTcn5Oz08PTUwbj2wK+04O4BRQ68NXbQIBAg==
-----END DH PARAMETERS-----
";

/// A prime of 2048 bits that is no safe prime, with a generator of a prime order of 24 bits.
pub(super) const SMALL_SUBGROUP: &str = "\
-----BEGIN DH PARAMETERS-----
MIICCQKCAQEAua7OfhpslPL2nrcLbokxCchehILfbAhTjGkB6kR2gcS+Hgxh6EYy
k/fU1eGuMnH+X7uQ5n6OfB528mtDBssSd5X5ftvJeI2xY3hotIts8tvHh8xNDJLg
EDEAnmEZxsWHZpNiyyzFzxPruOhZ1aYs95gxYQayLKQweJnIKcDjh/JtM1CrvASS
kFAB84vQFe1PZum8LiOo2Na61F5vjfF95azVFKGabuK4TJhj1PULkSzMTcw5LkwA
xyWuhgR+rXQqvR5yKMZ5+UorYrWcY/3xWeGL4cNYFyDh56BmKhYbrWdN8thnDGrs
N5WQhsYsO12wl9wUOaZQfQ+Zmu8ek6PZmwKCAQA5aD8geL3FYv3rQ5K36rymU1x0
cSlxJ+kMql+XBmrfzWM5F+pppa/r+1XkdyHSQXDxWVC58uvIHJVkuZEkzRup+Xp2
O3L6Zs83EtP9o6cdA7p2nxgnvhy1nO7u8cO+v1QesXuvrdueKpReWgD5O34gRxEe
vduU855Hur7AKrxBX/lNXZzLZVgNKJlfhbQA5IyRIbfbd0X6JTJced/Ou7qTJBqZ
zs9wSpDF9K+w9+tHoJk6dSgcULrvR36kPYd2TKnmONzOF3NXpR4QmemaVmzzxJ8p
DpjSz8jiygSSmWLq4e7a1ek9fUTDhwY9eCCD6GQw8uqiser1+VYevg5J4kvB
-----END DH PARAMETERS-----
";

/// A prime of 2048 bits, that of badssl.com, with a generator of order 757.
pub(super) const SMALL_ORDER: &str = "\
-----BEGIN DH PARAMETERS-----
MIICCgKCAQEA////////////////////////////////////////////////////
////////////////////////////////////////////////////////////////
////////////////////////////////////////////////////////////////
////////////////////////////////////////////////////////////////
////////////////////////////////////////////////////////////////
///////////////////////////wAAAAHQKCAQEArAvR/WuaF4HbsxDjtUdC4wlo
CnwzczFC+tQcpG+pmdcBtEaLpwAf1Hi+wXf4F6fr3QRYKmNAZ71Y8B0EVX1RxmXM
g9aXD+rrUQRNGOiL9G4t4O9OM5sCvWZbZRx+eBKj3stN2d5CRrE4nFX8h7SNappc
9R+vH7l4wx0OPVpOYysiRhWkwOWBARlTZ6ATwwjOQSGuKCwSwYuvrlBezFklapAv
RsRLAMjlz+7l7aWoBT4DDQFSpCiNk+CTg2KN2WpxEc/3/T6DY76j7c2N5xvvEUHg
RRD6aYKwNUVP5ruOTzBOBnEMiY9hsuew127tAWlElLJxb7eqS2WS+Tw9KVneQg==
-----END DH PARAMETERS-----
";
