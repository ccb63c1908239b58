//! Percent tokens of `ssh_config` values (`TOKENS` in ssh_config(5)).

/// What the tokens stand for; those that are not known here are `None`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    /// `%h`: the host to connect to.
    pub(crate) host: Option<String>,
    /// `%n`: the host as typed.
    pub(crate) original_host: Option<String>,
    /// `%p`.
    pub(crate) port: Option<u16>,
    /// `%r`: the remote user.
    pub(crate) remote_user: Option<String>,
    /// `%u`: the local user.
    pub(crate) local_user: Option<String>,
    /// `%d`: the local user's home.
    pub(crate) home: Option<String>,
    /// `%k`: the host key alias, or the host as typed.
    pub(crate) key_alias: Option<String>,
    /// `%j`: the jump host as configured.
    pub(crate) jump: Option<String>,
    /// `%i`: the local user's id.
    pub(crate) user_id: Option<u32>,
}

/// A token that stands for nothing known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownToken(pub(crate) String);

impl Tokens {
    /// The text with every token replaced.
    pub(crate) fn expand(&self, text: &str) -> Result<String, UnknownToken> {
        let mut out = String::with_capacity(text.len());
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                out.push(letter);
                continue;
            }
            let token = letters.next();
            let value = match token {
                Some('%') => Some("%".to_owned()),
                Some('h') => self.host.clone(),
                Some('n') => self.original_host.clone(),
                Some('p') => self.port.map(|port| port.to_string()),
                Some('r') => self.remote_user.clone(),
                Some('u') => self.local_user.clone(),
                Some('d') => self.home.clone(),
                Some('k') => self.key_alias.clone(),
                Some('j') => self.jump.clone(),
                Some('i') => self.user_id.map(|id| id.to_string()),
                _ => None,
            };
            let token = token.map(String::from).unwrap_or_default();
            out.push_str(&value.ok_or_else(|| UnknownToken(format!("%{token}")))?);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansion() {
        let tokens = Tokens { host: Some("h".into()), port: Some(22), ..Tokens::default() };
        assert_eq!(tokens.expand("a-%h:%p 100%%"), Ok("a-h:22 100%".into()));
        assert_eq!(tokens.expand("%C"), Err(UnknownToken("%C".into())));
        assert_eq!(tokens.expand("%"), Err(UnknownToken("%".into())));
    }
}
