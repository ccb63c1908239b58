use shakedown_crypto::{Hash, SharedSecret};
use shakedown_wire::Writer;
use shakedown_wire::ssh::{KexGexRequest, Mpint};

/// The exchange hash H: RFC 4253 section 8, RFC 4419 section 3, RFC 5656 section 4, and the same with strings for the
/// hybrid methods (draft-ietf-sshm-mlkem-hybrid-kex, draft-ietf-sshm-ntruprime-ssh).
pub(super) struct ExchangeHash<'a> {
    /// V_C: the client's identification string without line end.
    pub(super) client_identification: &'a [u8],
    /// V_S: the server's.
    pub(super) server_identification: &'a [u8],
    /// I_C: the payload of the client's KEXINIT.
    pub(super) client_kexinit: &'a [u8],
    /// I_S: the server's.
    pub(super) server_kexinit: &'a [u8],
    /// K_S: the host key.
    pub(super) host_key: &'a [u8],
    /// What the method adds.
    pub(super) values: MethodValues<'a>,
}

/// What the method adds to the exchange hash.
pub(super) enum MethodValues<'a> {
    /// e and f, unsigned.
    FiniteField { client: &'a [u8], server: &'a [u8] },
    /// min, n, max, p, g, e and f, unsigned.
    GroupExchange { sizes: GexSizes, p: &'a [u8], g: &'a [u8], client: &'a [u8], server: &'a [u8] },
    /// Q_C and Q_S, or C_INIT and S_REPLY.
    Strings { client: &'a [u8], server: &'a [u8] },
}

/// The sizes that the client asked for.
#[derive(Clone, Copy)]
pub(super) enum GexSizes {
    /// Of the old request, with one size.
    Old(u32),
    /// Of the request with three.
    Range(KexGexRequest),
}

impl ExchangeHash<'_> {
    pub(super) fn digest(&self, hash: Hash, secret: &SharedSecret) -> Vec<u8> {
        let mut writer = Writer::new();
        writer
            .string(self.client_identification)
            .string(self.server_identification)
            .string(self.client_kexinit)
            .string(self.server_kexinit)
            .string(self.host_key);
        let number = |writer: &mut Writer, value: &[u8]| {
            writer.mpint(&Mpint::from_unsigned(value));
        };
        match self.values {
            MethodValues::FiniteField { client, server } => {
                number(&mut writer, client);
                number(&mut writer, server);
            }
            MethodValues::GroupExchange { sizes, p, g, client, server } => {
                match sizes {
                    GexSizes::Old(n) => writer.u32(n),
                    GexSizes::Range(request) => writer.u32(request.min).u32(request.n).u32(request.max),
                };
                [p, g, client, server].into_iter().for_each(|value| number(&mut writer, value));
            }
            MethodValues::Strings { client, server } => {
                writer.string(client).string(server);
            }
        }
        // The secret is hashed from its own buffer, which is wiped, and is never copied into this one.
        hash.digest(&[writer.as_bytes(), &secret.to_wire()])
    }
}
