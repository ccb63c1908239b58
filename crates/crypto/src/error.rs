use shakedown_model::Name;

/// Why a computation could not be done. What a peer sent wrong is told apart from what this program cannot do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The key exchange method is not one that is computed here.
    #[error("`{method}` is not implemented")]
    UnknownMethod {
        /// The method.
        method: Name,
    },
    /// The signature algorithm is not one that is computed here, or does not fit the key.
    #[error("`{algorithm}` cannot be used with this key")]
    UnknownAlgorithm {
        /// The algorithm.
        algorithm: Name,
    },
    /// The peer's public value is wrong: its length, its range or its point.
    #[error("the peer's public value is wrong: {what}")]
    PublicValue {
        /// What is wrong, in one sentence without a full stop.
        what: String,
    },
    /// The group of a group exchange cannot be used: even, too small or too large.
    #[error("the group cannot be used: {what}")]
    Group {
        /// What is wrong, in one sentence without a full stop.
        what: String,
    },
    /// The exchange is carried on without a shared secret: the private half of the public value sent is not known, or
    /// the decapsulation is not implemented. The signature over the exchange hash stays unverified.
    #[error("the shared secret of `{method}` cannot be derived here")]
    CannotDerive {
        /// The method.
        method: Name,
    },
    /// A key blob or key file is not what it should be.
    #[error("{what}")]
    BadKey {
        /// What is wrong, in one sentence without a full stop.
        what: String,
    },
    /// The operating system's random source failed.
    #[error("the random source failed")]
    Random,
    /// The cryptographic library failed without saying why.
    #[error("the cryptographic library failed")]
    Library,
}

impl CryptoError {
    pub(crate) fn key(what: impl Into<String>) -> Self {
        Self::BadKey { what: what.into() }
    }

    pub(crate) fn public_value(what: impl Into<String>) -> Self {
        Self::PublicValue { what: what.into() }
    }

    pub(crate) fn group(what: impl Into<String>) -> Self {
        Self::Group { what: what.into() }
    }
}
