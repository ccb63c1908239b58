use std::fmt;
use std::str::FromStr;

/// A program as layers of product, version and build: `nginx@1.22.1+openssl@3.0.19/debian-12`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Software {
    /// The layers, the outermost first. Never empty.
    pub layers: Vec<Layer>,
}

/// One layer of a [`Software`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Layer {
    /// The product's id or alias, `[a-z][a-z0-9.-]*`.
    pub product: String,
    /// The version as the product writes it.
    pub version: String,
    /// The build, such as `debian-12`.
    pub build: Option<String>,
}

impl Software {
    /// One layer without a build.
    pub fn new(product: &str, version: &str) -> Self {
        Self { layers: vec![Layer { product: product.into(), version: version.into(), build: None }] }
    }

    /// The outermost layer's product, or the empty string.
    pub fn product(&self) -> &str {
        self.layers.first().map_or("", |layer| &layer.product)
    }

    /// The outermost layer's version, or the empty string.
    pub fn version(&self) -> &str {
        self.layers.first().map_or("", |layer| &layer.version)
    }

    /// The build that holds for the outermost layer: its own, or that of a layer to its right.
    pub fn build(&self) -> Option<&str> {
        self.layers.iter().find_map(|layer| layer.build.as_deref())
    }

    /// The version of a layer such as `crypto-policies`.
    pub fn layer(&self, product: &str) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.product == product)
    }

    /// Splits `LAYER(+LAYER)*[:PATH]` into the software and the path. `None` where the text is not of that form, and
    /// is therefore a path by itself.
    pub fn split_path(text: &str) -> Option<(Self, Option<&str>)> {
        let at = text.find('@')?;
        let product = text.get(..at)?;
        if !is_product(product) {
            return None;
        }
        // A version never holds a colon, so the first one begins the path.
        let (software, path) = match text.find(':') {
            Some(colon) if colon > at => (text.get(..colon)?, Some(text.get(colon + 1..)?)),
            Some(_) => return None,
            None => (text, None),
        };
        Some((software.parse().ok()?, path))
    }
}

/// Why a text is not a software.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoftwareParseError {
    /// A layer has no `@`.
    #[error("`{layer}` has no version: write `PRODUCT@VERSION`, such as `openssh@9.2p1`")]
    NoVersion {
        /// The layer as written.
        layer: String,
    },
    /// A product name holds a character that none has.
    #[error("`{product}` is not a product name: use lower-case letters, digits, `.` and `-`")]
    BadProduct {
        /// The product as written.
        product: String,
    },
}

impl FromStr for Software {
    type Err = SoftwareParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut layers = Vec::new();
        for part in text.split('+') {
            let (product, rest) =
                part.split_once('@').ok_or_else(|| SoftwareParseError::NoVersion { layer: part.into() })?;
            if !is_product(product) {
                return Err(SoftwareParseError::BadProduct { product: product.into() });
            }
            let (version, build) = match rest.split_once('/') {
                Some((version, build)) => (version, Some(build.to_owned())),
                None => (rest, None),
            };
            if version.is_empty() {
                return Err(SoftwareParseError::NoVersion { layer: part.into() });
            }
            layers.push(Layer { product: product.into(), version: version.into(), build });
        }
        Ok(Self { layers })
    }
}

fn is_product(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-')
}

impl fmt::Display for Software {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, layer) in self.layers.iter().enumerate() {
            if index > 0 {
                f.write_str("+")?;
            }
            write!(f, "{}@{}", layer.product, layer.version)?;
            if let Some(build) = &layer.build {
                write!(f, "/{build}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_reads_and_prints_the_same() {
        for text in ["openssh@9.2p1/debian-12", "nginx@1.22.1+openssl@3.0.19/debian-12", "putty@0.70"] {
            assert_eq!(text.parse::<Software>().unwrap().to_string(), text);
        }
        let software: Software = "nginx@1.22.1+openssl@3.0.19/debian-12".parse().unwrap();
        assert_eq!(software.build(), Some("debian-12"));
    }

    #[test]
    fn a_path_is_not_a_software() {
        assert!(Software::split_path("/etc/ssh/sshd_config").is_none());
        assert!(Software::split_path("./user@host").is_none());
        let (software, path) = Software::split_path("openssh@9.2p1/debian-12:/tmp/a@b:c").unwrap();
        assert_eq!((software.to_string().as_str(), path), ("openssh@9.2p1/debian-12", Some("/tmp/a@b:c")));
    }
}
