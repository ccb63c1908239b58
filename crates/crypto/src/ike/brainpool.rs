//! Key exchanges on the Brainpool curves (RFC 5639), which the library has not, over `crypto-bigint`. Values are the two
//! coordinates one after the other, and the secret is the first (RFC 6954 section 2).

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Choice, CtSelect as _, Odd, Resize as _};
use zeroize::{Zeroize as _, Zeroizing};

use crate::CryptoError;
use crate::hex;

/// A curve `y^2 = x^3 + ax + b`, whose points are a group of prime order.
struct Curve {
    /// The number in the IKEv2 registry.
    number: u16,
    prime: &'static str,
    a: &'static str,
    b: &'static str,
    x: &'static str,
    y: &'static str,
    order: &'static str,
}

/// RFC 5639 section 3.
const CURVES: [Curve; 4] = [
    Curve {
        number: 27,
        prime: "d7c134aa264366862a18302575d1d787b09f075797da89f57ec8c0ff",
        a: "68a5e62ca9ce6c1c299803a6c1530b514e182ad8b0042a59cad29f43",
        b: "2580f63ccfe44138870713b1a92369e33e2135d266dbb372386c400b",
        x: "0d9029ad2c7e5cf4340823b2a87dc68c9e4ce3174c1e6efdee12c07d",
        y: "58aa56f772c0726f24c6b89e4ecdac24354b9e99caa3f6d3761402cd",
        order: "d7c134aa264366862a18302575d0fb98d116bc4b6ddebca3a5a7939f",
    },
    Curve {
        number: 28,
        prime: "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
        a: "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
        b: "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
        x: "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262",
        y: "547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997",
        order: "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
    },
    Curve {
        number: 29,
        prime: "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123\
             acd3a729901d1a71874700133107ec53",
        a: "7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f\
             8aa5814a503ad4eb04a8c7dd22ce2826",
        b: "04a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d5\
             7cb4390295dbc9943ab78696fa504c11",
        x: "1d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8\
             e826e03436d646aaef87b2e247d4af1e",
        y: "8abe1d7520f9c2a45cb1eb8e95cfd55262b70b29feec5864e19c054ff9912928\
             0e4646217791811142820341263c5315",
        order: "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7\
             cf3ab6af6b7fc3103b883202e9046565",
    },
    Curve {
        number: 30,
        prime: "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330871\
             7d4d9b009bc66842aecda12ae6a380e62881ff2f2d82c68528aa6056583a48f3",
        a: "7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc\
             2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94ca",
        b: "3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a7\
             2bf2c7b9e7c1ac4d77fc94cadc083e67984050b75ebae5dd2809bd638016f723",
        x: "81aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098e\
             ff3b1f78e2d0d48d50d1687b93b97d5f7c6d5047406a5e688b352209bcb9f822",
        y: "7dde385d566332ecc0eabfa9cf7822fdf209f70024a57b1aa000c55b881f8111\
             b2dcde494a5f485e5bca4bd88a2763aed1ca2b2fa8f0540678cd1e0f3ad80892",
        order: "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870\
             553e5c414ca92619418661197fac10471db1d381085ddaddb58796829ca90069",
    },
];

/// One end of an exchange.
pub(super) struct BrainpoolKey {
    curve: &'static Curve,
    scalar: Zeroizing<Vec<u8>>,
}

impl BrainpoolKey {
    /// `None` for numbers of other groups.
    pub(super) fn generate(number: u16) -> Result<Option<Self>, CryptoError> {
        let Some(curve) = CURVES.iter().find(|curve| curve.number == number) else { return Ok(None) };
        let order = hex::bytes(curve.order);
        loop {
            let mut scalar = Zeroizing::new(vec![0; order.len()]);
            crate::random(&mut scalar)?;
            // More than half of what is drawn is below the order, of which the first bit is set.
            if scalar.as_slice() < order.as_slice() && scalar.iter().any(|byte| *byte != 0) {
                return Ok(Some(Self { curve, scalar }));
            }
        }
    }

    pub(super) fn public(&self) -> Result<Vec<u8>, CryptoError> {
        let field = Field::new(self.curve)?;
        let [x, y] = [self.curve.x, self.curve.y].map(|hex| field.number(&hex::bytes(hex)));
        let [x, y] = field.multiplied(&self.scalar, [x?, y?])?;
        Ok([x.as_slice(), &y].concat())
    }

    pub(super) fn agree(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let field = Field::new(self.curve)?;
        let wrong = || CryptoError::public_value("it is no point of the curve");
        if peer.len() != 2 * field.length {
            return Err(CryptoError::public_value(format!(
                "it has {} bytes instead of {}",
                peer.len(),
                2 * field.length
            )));
        }
        let (x, y) = peer.split_at_checked(field.length).ok_or_else(wrong)?;
        let prime = hex::bytes(self.curve.prime);
        if x >= prime.as_slice() || y >= prime.as_slice() {
            return Err(wrong());
        }
        let (x, y) = (field.number(x)?, field.number(y)?);
        // Who takes a point that is not on the curve gives its key away.
        if y.square() != &(&(&x.square() + &field.a) * &x) + &field.b {
            return Err(wrong());
        }
        let [x, _] = field.multiplied(&self.scalar, [x, y])?;
        Ok(x)
    }
}

/// The numbers of a curve's coordinates.
struct Field {
    parameters: BoxedMontyParams,
    bits: u32,
    length: usize,
    a: BoxedMontyForm,
    b: BoxedMontyForm,
    /// Three times `b`.
    b3: BoxedMontyForm,
    /// The exponent of an inverse, by Fermat.
    inverse: BoxedUint,
}

/// A point in homogeneous coordinates.
type Point = [BoxedMontyForm; 3];

impl Field {
    fn new(curve: &Curve) -> Result<Self, CryptoError> {
        let bytes = hex::bytes(curve.prime);
        let bits = u32::try_from(bytes.len() * 8).map_err(|_| CryptoError::Library)?;
        let prime = BoxedUint::from_be_slice(&bytes, bits).map_err(|_| CryptoError::Library)?;
        let inverse = prime.wrapping_sub(BoxedUint::from(2_u8));
        let odd = Odd::new(prime).into_option().ok_or(CryptoError::Library)?;
        let parameters = BoxedMontyParams::new_vartime(odd);
        let [a, b] = [curve.a, curve.b].map(|hex| in_field(&hex::bytes(hex), bits, &parameters));
        let (a, b) = (a?, b?);
        let b3 = &(&b + &b) + &b;
        Ok(Self { parameters, bits, length: bytes.len(), a, b, b3, inverse })
    }

    fn number(&self, bytes: &[u8]) -> Result<BoxedMontyForm, CryptoError> {
        in_field(bytes, self.bits, &self.parameters)
    }

    /// The coordinates of a multiple of a point, computed in the same steps whatever the scalar.
    fn multiplied(&self, scalar: &[u8], [x, y]: [BoxedMontyForm; 2]) -> Result<[Zeroizing<Vec<u8>>; 2], CryptoError> {
        let one = || BoxedMontyForm::one(&self.parameters);
        let zero = || BoxedMontyForm::zero(&self.parameters);
        let point: Point = [x, y, one()];
        let mut sum: Point = [zero(), one(), zero()];
        for bit in scalar.iter().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1)) {
            sum = self.add(&sum, &sum);
            let other = self.add(&sum, &point);
            let taken = Choice::from_u8_lsb(bit);
            let [x, y, z] = &sum;
            let [other_x, other_y, other_z] = &other;
            sum = [x.ct_select(other_x, taken), y.ct_select(other_y, taken), z.ct_select(other_z, taken)];
        }
        let [x, y, z] = sum;
        let inverse = z.pow(&self.inverse);
        if inverse == zero() {
            return Err(CryptoError::public_value("the secret would be the point at infinity"));
        }
        let bytes = |value: BoxedMontyForm| {
            let mut value = value.retrieve();
            let all = Zeroizing::new(value.to_be_bytes().into_vec());
            value.zeroize();
            let spare = all.len().saturating_sub(self.length);
            Zeroizing::new(all.get(spare..).unwrap_or_default().to_vec())
        };
        Ok([bytes(&x * &inverse), bytes(&y * &inverse)])
    }

    /// The complete addition of Renes, Costello and Batina ("Complete addition formulas for prime order elliptic curves",
    /// 2016, algorithm 1), which is a doubling too.
    fn add(&self, [x1, y1, z1]: &Point, [x2, y2, z2]: &Point) -> Point {
        let (xx, yy, zz) = (x1 * x2, y1 * y2, z1 * z2);
        let xy = &(&(x1 + y1) * &(x2 + y2)) - &(&xx + &yy);
        let xz = &(&(x1 + z1) * &(x2 + z2)) - &(&xx + &zz);
        let yz = &(&(y1 + z1) * &(y2 + z2)) - &(&yy + &zz);
        let shift = &(&self.b3 * &zz) + &(&self.a * &xz);
        let (less, more) = (&yy - &shift, &yy + &shift);
        let azz = &self.a * &zz;
        let triple = &(&(&xx + &xx) + &xx) + &azz;
        let mixed = &(&self.b3 * &xz) + &(&self.a * &(&xx - &azz));
        [&(&xy * &less) - &(&yz * &mixed), &(&less * &more) + &(&triple * &mixed), &(&yz * &more) + &(&xy * &triple)]
    }
}

fn in_field(bytes: &[u8], bits: u32, parameters: &BoxedMontyParams) -> Result<BoxedMontyForm, CryptoError> {
    let number = BoxedUint::from_be_slice(bytes, bits).map_err(|_| CryptoError::Library)?;
    Ok(BoxedMontyForm::new(number.resize(bits), parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // What OpenSSL 3 computes for private keys of nothing but 0x23 and 0x45.
    #[test]
    fn known_answers() {
        for (number, public, secret) in [
            (
                27,
                "aa0b95ecc0a6f92a19c4b8d16999a206ad04b4a4c63d573d7d29a00048ac8b92\
             f332f366272fb0df32491b6df9871e4b6dc8b00a5a0bcf07",
                "ab55587756a6944af8403861a19b8ec2a7dc81b97d39871f2b07c886",
            ),
            (
                28,
                "06060e2d1b386292c65d59b9c19fcc0fc9e3eaa0063bb0ef419a140213e8c2db\
             2c040c40b0dc00d1b1e7bfa0e3dd2e3854964a5dd3c0fdb30b15369d18bac1a0",
                "5d2a6fd14da1e17f629ed1b71fb8fb05c8ed1467f8e1402b89b6ba2015df0a52",
            ),
            (
                29,
                "3e1c4cbd445a96464df39481b8ea1596b8b874d70768f9a3af118814c826b09e\
             a3dcf464701f5d24e2dbddc5c70166670b9edd38522dab33e281ccd1b82b1381\
             277fdbd52941430c18b11ede6abe0e735d4c085dcbbd28ed6bb1e445000b3613",
                "305285ab001e53004c055f78e5d1a2a038480158aee278ebba674733ecdd11d5\
             5b1c07a5ce369d8ecbb43c59a9129812",
            ),
            (
                30,
                "41a6d049536e7aed2124b3c5d0910a5c7f3cd39fc3cbfe135fb74d6521d1fc4d\
             213d333a1189317cd5aacfb4c83caca361caadb579f8cda3d3cb8fc173976b69\
             a5950480970d88e0cf1c9d55ca04e7ae2be5fbbe830186830b0c9f505bbac49e\
             cbb2bd3dd181a7b69e681e6824f96c25fb818a9c641d15dd49f9cdef9188b42c",
                "5e980710699c5665cbb1eab0a1d8324e0d3cbeb819ebdf33e5420df4ba3de51b\
             123d72d18aca0d536fdd8f61c449314065943d90b008ba6a9040537424e5a0bc",
            ),
        ] {
            let curve = CURVES.iter().find(|curve| curve.number == number).unwrap();
            let key = |byte| BrainpoolKey { curve, scalar: Zeroizing::new(vec![byte; curve.order.len() / 2]) };
            assert_eq!(hex(&key(0x45).public().unwrap()), public, "{number}");
            assert_eq!(hex(&key(0x23).agree(&hex::bytes(public)).unwrap()), secret, "{number}");
            assert_eq!(hex(&key(0x45).agree(&key(0x23).public().unwrap()).unwrap()), secret, "{number}");
        }
    }

    #[test]
    fn points_that_are_none_are_refused() {
        for curve in &CURVES {
            let key = BrainpoolKey::generate(curve.number).unwrap().unwrap();
            let mut point = key.public().unwrap();
            assert!(key.agree(&point[1..]).is_err() && key.agree(&[]).is_err());
            *point.last_mut().unwrap() ^= 1;
            assert!(key.agree(&point).is_err());
            assert!(key.agree(&vec![0xff; point.len()]).is_err());
            assert!(key.agree(&vec![0; point.len()]).is_err());
        }
        assert!(BrainpoolKey::generate(19).unwrap().is_none());
    }
}
