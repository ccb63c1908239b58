//! Percent tokens of `ssh_config` values (`TOKENS` and `ENVIRONMENT VARIABLES` in ssh_config(5)).

use shakedown_crypto::Hash;

use crate::files::Files;

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
    /// `%l`: the name of this machine; `%L` is what stands before its first dot.
    pub(crate) this_host: Option<String>,
    /// Whether the jump host counts for `%C`: since 9.6.
    pub(crate) hashes_jump: bool,
}

/// A token that stands for nothing known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownToken(pub(crate) String);

impl Tokens {
    /// The text with every token replaced.
    pub(crate) fn expand(&self, text: &str) -> Result<String, UnknownToken> {
        self.expand_all(text, None)
    }

    /// The text with every token and every `${NAME}` replaced, in one pass: values are not looked at again.
    pub(crate) fn expand_with_environment(&self, text: &str, files: &dyn Files) -> Result<String, UnknownToken> {
        self.expand_all(text, Some(files))
    }

    fn expand_all(&self, text: &str, environment: Option<&dyn Files>) -> Result<String, UnknownToken> {
        let mut out = String::with_capacity(text.len());
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            if let (Some(files), '$', Some(rest)) = (environment, letter, letters.as_str().strip_prefix('{')) {
                let unknown = |name: &str| UnknownToken(format!("${{{name}}}"));
                let (name, after) = rest.split_once('}').ok_or_else(|| UnknownToken(format!("${{{rest}")))?;
                out.push_str(&files.environment(name).ok_or_else(|| unknown(name))?);
                letters = after.chars();
                continue;
            }
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
                Some('j') => Some(self.jump.clone().unwrap_or_default()),
                Some('i') => self.user_id.map(|id| id.to_string()),
                Some('l') => self.this_host.clone(),
                Some('L') => self.this_host.as_deref().map(|name| name.split('.').next().unwrap_or(name).to_owned()),
                Some('C') => self.connection_hash(),
                _ => None,
            };
            let token = token.map(String::from).unwrap_or_default();
            out.push_str(&value.ok_or_else(|| UnknownToken(format!("%{token}")))?);
        }
        Ok(out)
    }

    /// `ssh_connection_hash` of readconf.c.
    fn connection_hash(&self) -> Option<String> {
        let (here, host, user) = (self.this_host.as_ref()?, self.host.as_ref()?, self.remote_user.as_ref()?);
        let port = self.port?.to_string();
        let jump = self.jump.as_deref().filter(|_| self.hashes_jump).unwrap_or_default();
        let parts = [here.as_bytes(), host.as_bytes(), port.as_bytes(), user.as_bytes(), jump.as_bytes()];
        Some(Hash::Sha1.digest(&parts).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    #[test]
    fn expansion() {
        let tokens = Tokens { host: Some("h".into()), port: Some(22), ..Tokens::default() };
        assert_eq!(tokens.expand("a-%h:%p 100%%"), Ok("a-h:22 100%".into()));
        assert_eq!(tokens.expand("%C"), Err(UnknownToken("%C".into())));
        assert_eq!(tokens.expand("%"), Err(UnknownToken("%".into())));
        assert_eq!(tokens.expand("%j"), Ok(String::new()));
    }

    #[test]
    fn this_machine_and_the_connection() {
        let mut tokens = Tokens {
            host: Some("host.example".into()),
            port: Some(2222),
            remote_user: Some("user".into()),
            jump: Some("gate".into()),
            this_host: Some("here.example.org".into()),
            ..Tokens::default()
        };
        assert_eq!(tokens.expand("%l %L"), Ok("here.example.org here".into()));
        let hex = |text: &str| -> String {
            Hash::Sha1.digest(&[text.as_bytes()]).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        assert_eq!(tokens.expand("%C"), Ok(hex("here.example.orghost.example2222user")));
        tokens.hashes_jump = true;
        assert_eq!(tokens.expand("%C"), Ok(hex("here.example.orghost.example2222usergate")));
    }

    #[test]
    fn environment_variables() {
        let files = Memory::new().with_environment("KEYS", "/k/%h");
        let tokens = Tokens { host: Some("h".into()), ..Tokens::default() };
        assert_eq!(tokens.expand_with_environment("${KEYS}/%h$x", &files), Ok("/k/%h/h$x".into()));
        assert_eq!(tokens.expand_with_environment("a${NONE}", &files), Err(UnknownToken("${NONE}".into())));
        assert_eq!(tokens.expand_with_environment("a${NONE", &files), Err(UnknownToken("${NONE".into())));
        assert_eq!(tokens.expand("${KEYS}"), Ok("${KEYS}".into()));
    }
}
