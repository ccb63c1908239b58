//! How each kind of row is written to the blob and read back, and in which order the tables stand.

use std::cmp::Ordering;

use crate::blob::{Cursor, Row, Section, Words, write};
use crate::facts::{
    AlgorithmRow, Alias, BannerRow, BehaviourRow, BuildRow, CryptoPolicyRow, DistributionRow, Facts, OfferRow,
    OpensslSuiteRow, PolicyRow, Product, ProductProtocol, Side, SupportedRow, TlsOfferRow, VendorIdRow,
};
use crate::version::Scheme;

/// A column of a row.
trait Column: Sized {
    fn put(&self, out: &mut Words<'_>);
    fn take(input: &mut Cursor<'_>) -> Self;
}

impl Column for String {
    fn put(&self, out: &mut Words<'_>) {
        out.text(self);
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        input.text()
    }
}

impl Column for Option<String> {
    fn put(&self, out: &mut Words<'_>) {
        out.optional_text(self.as_deref());
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        input.optional_text()
    }
}

impl Column for Vec<String> {
    fn put(&self, out: &mut Words<'_>) {
        out.names(&Some(self.clone()));
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        input.names().unwrap_or_default()
    }
}

impl Column for Option<Vec<String>> {
    fn put(&self, out: &mut Words<'_>) {
        out.names(self);
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        input.names()
    }
}

impl Column for Option<u32> {
    fn put(&self, out: &mut Words<'_>) {
        out.optional_number(*self);
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        input.optional_number()
    }
}

impl Column for u32 {
    fn put(&self, out: &mut Words<'_>) {
        out.number(*self);
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        input.number()
    }
}

impl Column for bool {
    fn put(&self, out: &mut Words<'_>) {
        out.number(u32::from(*self));
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        input.number() == 1
    }
}

impl Column for Side {
    fn put(&self, out: &mut Words<'_>) {
        out.number(*self as u32);
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        match input.number() {
            0 => Self::Client,
            1 => Self::Server,
            _ => Self::Both,
        }
    }
}

impl Column for Option<Side> {
    fn put(&self, out: &mut Words<'_>) {
        out.optional_number(self.map(|side| side as u32));
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        [Side::Client, Side::Server, Side::Both].get(input.number() as usize).copied()
    }
}

impl Column for Scheme {
    fn put(&self, out: &mut Words<'_>) {
        out.number(*self as u32);
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        Self::ALL.get(input.number() as usize).copied().unwrap_or(Self::Opaque)
    }
}

impl Column for Option<bool> {
    fn put(&self, out: &mut Words<'_>) {
        out.optional_number(self.map(u32::from));
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        input.optional_number().map(|number| number == 1)
    }
}

impl Column for ProductProtocol {
    fn put(&self, out: &mut Words<'_>) {
        out.number(*self as u32);
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        if input.number() == Self::Tls as u32 { Self::Tls } else { Self::Ssh }
    }
}

macro_rules! columns {
    ($type:ident { $($column:ident),+ $(,)? }) => {
        impl Column for $type {
            fn put(&self, out: &mut Words<'_>) {
                $(self.$column.put(out);)+
            }
            fn take(input: &mut Cursor<'_>) -> Self {
                Self { $($column: Column::take(input)),+ }
            }
        }
    };
}

columns!(TlsOfferRow {
    versions,
    cipher_suites,
    groups,
    key_shares,
    signature_schemes,
    min_dh_bits,
    security_level,
    library,
    cipher_string,
    ciphersuites_string,
    groups_string,
    sends_server_name,
    legacy_renegotiation,
});

/// Reasons: one list of text, number of references, references, and so on.
impl Column for Vec<(String, Vec<String>)> {
    fn put(&self, out: &mut Words<'_>) {
        let mut flat = Vec::new();
        for (text, references) in self {
            flat.push(text.clone());
            flat.push(references.len().to_string());
            flat.extend(references.iter().cloned());
        }
        out.names(&Some(flat));
    }
    fn take(input: &mut Cursor<'_>) -> Self {
        let mut flat = input.names().unwrap_or_default().into_iter();
        let mut reasons = Vec::new();
        while let (Some(text), Some(count)) = (flat.next(), flat.next()) {
            let references = flat.by_ref().take(count.parse().unwrap_or(0)).collect();
            reasons.push((text, references));
        }
        reasons
    }
}

macro_rules! row {
    ($type:ident in $section:ident { $($column:ident),+ $(,)? }) => {
        impl Row for $type {
            const SECTION: Section = Section::$section;
            fn write(&self, out: &mut Words<'_>) {
                $(self.$column.put(out);)+
            }
            fn read(input: &mut Cursor<'_>) -> Self {
                Self { $($column: Column::take(input)),+ }
            }
        }
    };
}

// The leading columns are those that look-ups search by.
row!(Product in Products { id, label, scheme, aliases, identification, notes, source, protocol });
row!(Alias in Aliases { name, product, at_least, at_most });
row!(OfferRow in Offers {
    product, role, version, kex, markers, host_key, cipher, mac, compression, compression_s2c, public_key_auth, released,
    label, observed, seen, min_rsa_bits, gex_minimum, identification, notes, source, tls,
});
row!(SupportedRow in Supported { product, role, version, kex, host_key, cipher, mac, compression, source });
row!(BehaviourRow in Behaviours {
    product, role, at_least, before, rule, slot, names, peers, value, minimum, preferred, maximum, source,
});
row!(BuildRow in Builds {
    product, role, build, version, kex_first, kex_removed, markers, host_key, cipher, mac, supported_kex, crypto_policy,
    crypto_policy_rows, security_level, min_version, identification, notes, source,
});
row!(CryptoPolicyRow in CryptoPolicies {
    policy, backend, row, kex, host_key, cipher, mac, public_key_auth, ca_signature, gssapi_kex, min_rsa_bits, notes,
    source,
});
row!(BannerRow in Banners { pattern, product, version, build, rank, source });
row!(AlgorithmRow in Algorithms {
    kind, name, bits, rating, reasons, deprecated_by, aliases, number, libreswan, source,
});
row!(DistributionRow in Distributions {
    product, distribution, release, build, version, package, identification, notes, source,
});
row!(PolicyRow in Policies {
    id, name, version, date, status, side, exact_order, kex, host_key, host_key_optional, cipher, mac, public_key_auth,
    kex_forbidden, cipher_forbidden, mac_forbidden, min_rsa_bits, sizes, notes, source,
});

row!(OpensslSuiteRow in OpensslSuites { name, suite, number, class, strength, lowest_version, not_default, source });

row!(VendorIdRow in VendorIds { prefix, name, implementation, source });

/// The columns of an offer row that hold the version and the lists, for scans that need no decoding.
pub(crate) mod offer_column {
    pub(crate) const VERSION: usize = 2;
    pub(crate) const KEX: usize = 3;
    pub(crate) const HOST_KEY: usize = 5;
    pub(crate) const CIPHER: usize = 6;
    pub(crate) const MAC: usize = 7;
    pub(crate) const COMPRESSION: usize = 8;
    pub(crate) const RELEASED: usize = 11;
    pub(crate) const LABEL: usize = 12;
    pub(crate) const TLS_VERSIONS: usize = 20;
    pub(crate) const TLS_CIPHER_SUITES: usize = 21;
    pub(crate) const TLS_GROUPS: usize = 22;
    pub(crate) const TLS_SIGNATURE_SCHEMES: usize = 24;
}

/// Puts the rows in the order that look-ups need and writes them.
pub(crate) fn encode(mut facts: Facts) -> Vec<u8> {
    facts.products.sort_by(|a, b| a.id.cmp(&b.id));
    let products = std::mem::take(&mut facts.products);
    let older = |product: &str, a: &str, b: &str| {
        let scheme = products.iter().find(|row| row.id == product).map_or(Scheme::Opaque, |row| row.scheme);
        scheme.compare(a, b).unwrap_or(Ordering::Equal)
    };
    // Stable sorts: rows of an opaque product keep the order of their file.
    facts.aliases.sort_by(|a, b| a.name.cmp(&b.name));
    facts.offers.sort_by(|a, b| {
        (&a.product, a.role).cmp(&(&b.product, b.role)).then_with(|| older(&a.product, &a.version, &b.version))
    });
    facts.supported.sort_by(|a, b| {
        (&a.product, a.role).cmp(&(&b.product, b.role)).then_with(|| older(&a.product, &a.version, &b.version))
    });
    facts.behaviours.sort_by(|a, b| a.product.cmp(&b.product));
    facts.builds.sort_by(|a, b| a.product.cmp(&b.product));
    facts.crypto_policies.sort_by(|a, b| (&a.policy, &a.backend, &a.row).cmp(&(&b.policy, &b.backend, &b.row)));
    facts.banners.sort_by_key(|row| std::cmp::Reverse(row.rank));
    facts.algorithms.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
    facts
        .distributions
        .sort_by(|a, b| a.product.cmp(&b.product).then_with(|| older(&a.product, &a.version, &b.version)));
    facts.policies.sort_by(|a, b| a.id.cmp(&b.id));
    // OpenSSL's own order, which its sorting starts from.
    facts.openssl_suites.sort_by_key(|row| row.number);
    // The longest beginning that fits is the one that tells most.
    facts.vendor_ids.sort_by_key(|row| std::cmp::Reverse(row.prefix.len()));
    write(|out| {
        out.table(&products);
        out.table(&facts.aliases);
        out.table(&facts.offers);
        out.table(&facts.supported);
        out.table(&facts.behaviours);
        out.table(&facts.builds);
        out.table(&facts.crypto_policies);
        out.table(&facts.banners);
        out.table(&facts.algorithms);
        out.table(&facts.distributions);
        out.table(&facts.policies);
        out.table(&facts.openssl_suites);
        out.table(&facts.vendor_ids);
    })
}

/// Reads everything back, for an overlay.
pub(crate) fn decode(blob: &crate::blob::Blob<'_>) -> Facts {
    Facts {
        products: blob.all(),
        aliases: blob.all(),
        offers: blob.all(),
        supported: blob.all(),
        behaviours: blob.all(),
        builds: blob.all(),
        crypto_policies: blob.all(),
        banners: blob.all(),
        algorithms: blob.all(),
        distributions: blob.all(),
        policies: blob.all(),
        openssl_suites: blob.all(),
        vendor_ids: blob.all(),
    }
}
