//! Codecs without input or output for SSH packets; TLS and IKE follow.
