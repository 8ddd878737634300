//! Who we are to a registry: a Docker config.json, as `docker login` and image pull secrets
//! (`.dockerconfigjson`) write it. It is read for each pull, so new credentials need no restart.
//! Credential helpers are programs, and none is run.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_client::Reference;
use oci_client::secrets::RegistryAuth;
use serde::Deserialize;

use super::ImageError;

#[derive(Default, Deserialize)]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Default, Deserialize)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

/// The credentials for an image; none without a file, or where that has none for the registry.
pub(super) fn find(file: Option<&Path>, image: &Reference) -> Result<RegistryAuth, ImageError> {
    let Some(path) = file else {
        return Ok(RegistryAuth::Anonymous);
    };
    let refuse = |reason: String| ImageError::Credentials {
        path: path.display().to_string(),
        reason,
    };
    let text = match fs::read_to_string(path) {
        // A pull secret that isn't there is one that isn't needed, until the registry says so.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(RegistryAuth::Anonymous),
        read => read.map_err(|error| refuse(error.to_string()))?,
    };
    // What is wrong with it stays untold: the text holds passwords.
    let config: DockerConfig =
        serde_json::from_str(&text).map_err(|_| refuse("it is no config.json".to_owned()))?;
    let Some((key, entry)) = config.best(image) else {
        return Ok(RegistryAuth::Anonymous);
    };
    entry
        .read()
        .ok_or_else(|| refuse(format!("the entry {key:?} holds no user and password")))
}

impl DockerConfig {
    /// The entry with the longest name that the image begins with, as the kubelet chooses.
    fn best(&self, image: &Reference) -> Option<(&String, &Entry)> {
        let registry = match image.registry() {
            "docker.io" => "index.docker.io",
            other => other,
        };
        let whole = format!("{registry}/{}", image.repository());
        let fits = |(key, _): &(&String, &Entry)| {
            let rest = whole.strip_prefix(place(key));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let found = self.auths.iter().filter(fits);
        found.max_by_key(|(key, _)| place(key).len())
    }
}

impl Entry {
    fn read(&self) -> Option<RegistryAuth> {
        let plain = self.username.clone().zip(self.password.clone());
        let (user, password) = plain.or_else(|| {
            let bytes = STANDARD.decode(self.auth.as_deref()?.trim()).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            let (user, password) = text.split_once(':')?;
            Some((user.to_owned(), password.to_owned()))
        })?;
        Some(RegistryAuth::Basic(user, password))
    }
}

/// `index.docker.io` of `https://index.docker.io/v1/`.
fn place(key: &str) -> &str {
    let bare = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    let bare = bare.trim_end_matches('/');
    bare.strip_suffix("/v1")
        .or_else(|| bare.strip_suffix("/v2"))
        .unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn found(config: &str, image: &str) -> Result<RegistryAuth, ImageError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        fs::write(&path, config).unwrap();
        find(Some(&path), &format!("{image}@{DIGEST}").parse().unwrap())
    }

    fn of(user: &str, password: &str) -> RegistryAuth {
        RegistryAuth::Basic(user.to_owned(), password.to_owned())
    }

    #[test]
    fn the_entry_that_says_most_of_the_image_is_taken() {
        let config = r#"{"auths": {
            "r.example.com": {"username": "all", "password": "1"},
            "https://r.example.com/team": {"auth": "dGVhbTpw"},
            "https://index.docker.io/v1/": {"username": "hub", "password": "2"}
        }, "credsStore": "desktop"}"#;
        for (image, wanted) in [
            ("r.example.com/team/a", of("team", "p")),
            ("r.example.com/teams/a", of("all", "1")),
            ("docker.io/library/a", of("hub", "2")),
            ("r.example.com:5000/a", RegistryAuth::Anonymous),
        ] {
            assert_eq!(found(config, image), Ok(wanted), "{image}");
        }
    }

    #[test]
    fn a_broken_file_is_named_without_what_is_in_it() {
        let error = found(
            r#"{"auths": {"r.io": {"auth": 7, "password": "hush"#,
            "r.io/a",
        );
        let text = error.unwrap_err().to_string();
        assert!(
            text.contains("config.json") && !text.contains("hush"),
            "{text}"
        );
        let error = found(r#"{"auths": {"r.io": {"auth": "hush"}}}"#, "r.io/a");
        let text = error.unwrap_err().to_string();
        assert!(text.contains("r.io") && !text.contains("hush"), "{text}");
    }
}
