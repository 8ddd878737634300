//! From kubectl's flags and kubeconfig to a client's configuration.

use std::time::Duration;

use http::Uri;
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, NamedAuthInfo, NamedCluster,
    NamedContext,
};

use super::{ClusterError, ConnectionFlags};

/// The entry that flags alone make, where no kubeconfig has one.
const FROM_FLAGS: &str = "flags";
/// How long a connection may take before the server counts as not reachable.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The configuration that kubectl would have.
pub(super) async fn load(flags: &ConnectionFlags) -> Result<Config, ClusterError> {
    let mut config = match kubeconfig(flags)? {
        Some(kubeconfig) => from_kubeconfig(kubeconfig, flags).await?,
        None => Config::incluster().map_err(|_| ClusterError::NoConfiguration)?,
    };
    if let Some(namespace) = &flags.namespace {
        config.default_namespace.clone_from(namespace);
    }
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    let silence = flags.request_timeout.or(flags.silence);
    if let Some(timeout) = silence.filter(|timeout| !timeout.is_zero()) {
        config.connect_timeout = Some(timeout.min(CONNECT_TIMEOUT));
        config.read_timeout = Some(timeout);
        config.write_timeout = Some(timeout);
        config.reset_reader_on_write = true;
    }
    Ok(config)
}

/// The namespace that kubectl would take, found without a cluster: the flag's, the context's,
/// else `default`.
pub(crate) fn offline_namespace(flags: &ConnectionFlags) -> Result<String, ClusterError> {
    if let Some(namespace) = &flags.namespace {
        return Ok(namespace.clone());
    }
    let kubeconfig = read(flags)?.unwrap_or_default();
    let wanted = flags
        .context
        .as_ref()
        .or(kubeconfig.current_context.as_ref());
    let named = kubeconfig
        .contexts
        .iter()
        .find(|named| Some(&named.name) == wanted);
    let context = named.and_then(|named| named.context.as_ref());
    let namespace = context.and_then(|context| context.namespace.clone());
    Ok(namespace
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or_else(|| "default".to_owned()))
}

/// The name of the context that is used; `None` where there is none.
pub(crate) fn context_name(flags: &ConnectionFlags) -> Option<String> {
    let named = flags.context.clone();
    named.or_else(|| {
        read(flags)
            .ok()??
            .current_context
            .filter(|name| !name.is_empty())
    })
}

/// The names of all contexts.
pub(crate) fn contexts_of(flags: &ConnectionFlags) -> Result<Vec<String>, ClusterError> {
    let contexts = read(flags)?.unwrap_or_default().contexts;
    Ok(contexts.into_iter().map(|named| named.name).collect())
}

/// The kubeconfig with the flags written into it; `None` where there is neither.
fn kubeconfig(flags: &ConnectionFlags) -> Result<Option<Kubeconfig>, ClusterError> {
    match read(flags)? {
        Some(kubeconfig) => Ok(Some(kubeconfig)),
        None if flags.server.is_some() => Ok(Some(Kubeconfig::default())),
        None => Ok(None),
    }
}

/// The named file, else those of `KUBECONFIG`, else `~/.kube/config`. A default file that isn't
/// there is no error.
fn read(flags: &ConnectionFlags) -> Result<Option<Kubeconfig>, ClusterError> {
    if let Some(path) = &flags.kubeconfig {
        return Ok(Some(Kubeconfig::read_from(path)?));
    }
    if let Some(found) = Kubeconfig::from_env()? {
        return Ok(Some(found));
    }
    let home = std::env::home_dir().map(|home| home.join(".kube").join("config"));
    match home.filter(|path| path.is_file()) {
        Some(path) => Ok(Some(Kubeconfig::read_from(path)?)),
        None => Ok(None),
    }
}

async fn from_kubeconfig(
    mut kubeconfig: Kubeconfig,
    flags: &ConnectionFlags,
) -> Result<Config, ClusterError> {
    let mut context = selected_context(&kubeconfig, flags)?;
    if let Some(cluster) = &flags.cluster {
        context.cluster.clone_from(cluster);
    }
    if flags.user.is_some() {
        context.user.clone_from(&flags.user);
    }
    let user = context.user.get_or_insert_with(|| FROM_FLAGS.to_owned());
    override_cluster(cluster_entry(&mut kubeconfig, &context.cluster), flags);
    override_user(user_entry(&mut kubeconfig, user), flags);
    kubeconfig.contexts = vec![NamedContext {
        name: FROM_FLAGS.to_owned(),
        context: Some(context),
        other: Default::default(),
    }];
    kubeconfig.current_context = Some(FROM_FLAGS.to_owned());
    Ok(Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?)
}

fn selected_context(
    kubeconfig: &Kubeconfig,
    flags: &ConnectionFlags,
) -> Result<Context, ClusterError> {
    let wanted = flags
        .context
        .as_ref()
        .or(kubeconfig.current_context.as_ref());
    let Some(wanted) = wanted.filter(|name| !name.is_empty()) else {
        return match (&flags.server, &flags.cluster) {
            (None, None) => Err(ClusterError::NoConfiguration),
            _ => Ok(empty_context()),
        };
    };
    let named = kubeconfig
        .contexts
        .iter()
        .find(|named| named.name == *wanted);
    let context = named.and_then(|named| named.context.clone());
    context.ok_or_else(|| ClusterError::NoContext {
        name: wanted.clone(),
        known: kubeconfig
            .contexts
            .iter()
            .map(|named| named.name.clone())
            .collect(),
    })
}

fn empty_context() -> Context {
    Context {
        cluster: FROM_FLAGS.to_owned(),
        user: None,
        namespace: None,
        extensions: None,
        other: Default::default(),
    }
}

fn cluster_entry<'a>(kubeconfig: &'a mut Kubeconfig, name: &str) -> &'a mut Cluster {
    let clusters = &mut kubeconfig.clusters;
    let index = clusters.iter().position(|named| named.name == name);
    let index = index.unwrap_or_else(|| {
        clusters.push(NamedCluster {
            name: name.to_owned(),
            cluster: None,
            other: Default::default(),
        });
        clusters.len() - 1
    });
    clusters[index].cluster.get_or_insert_default()
}

fn user_entry<'a>(kubeconfig: &'a mut Kubeconfig, name: &str) -> &'a mut AuthInfo {
    let users = &mut kubeconfig.auth_infos;
    let index = users.iter().position(|named| named.name == name);
    let index = index.unwrap_or_else(|| {
        users.push(NamedAuthInfo {
            name: name.to_owned(),
            auth_info: None,
            other: Default::default(),
        });
        users.len() - 1
    });
    users[index].auth_info.get_or_insert_default()
}

fn override_cluster(cluster: &mut Cluster, flags: &ConnectionFlags) {
    if let Some(server) = &flags.server {
        let has_scheme = server
            .parse::<Uri>()
            .is_ok_and(|uri| uri.scheme().is_some());
        let scheme = if has_scheme { "" } else { "http://" };
        cluster.server = Some(format!("{scheme}{server}"));
    }
    if let Some(file) = &flags.certificate_authority {
        cluster.certificate_authority = Some(file.to_string_lossy().into_owned());
        cluster.certificate_authority_data = None;
    }
    if flags.insecure_skip_tls_verify {
        cluster.insecure_skip_tls_verify = Some(true);
        cluster.certificate_authority = None;
        cluster.certificate_authority_data = None;
    }
    if flags.tls_server_name.is_some() {
        cluster.tls_server_name.clone_from(&flags.tls_server_name);
    }
}

fn override_user(user: &mut AuthInfo, flags: &ConnectionFlags) {
    if let Some(token) = &flags.token {
        user.token = Some(token.clone().into());
        user.token_file = None;
        user.exec = None;
        user.auth_provider = None;
    }
    if let Some(username) = &flags.username {
        user.username = Some(username.clone());
        user.password = Some(flags.password.clone().unwrap_or_default().into());
    }
    if let Some(file) = &flags.client_certificate {
        user.client_certificate = Some(file.to_string_lossy().into_owned());
        user.client_certificate_data = None;
    }
    if let Some(file) = &flags.client_key {
        user.client_key = Some(file.to_string_lossy().into_owned());
        user.client_key_data = None;
    }
    impersonate(user, flags);
}

fn impersonate(user: &mut AuthInfo, flags: &ConnectionFlags) {
    if flags.as_user.is_some() {
        user.impersonate.clone_from(&flags.as_user);
    }
    if flags.as_uid.is_some() {
        user.impersonate_uid.clone_from(&flags.as_uid);
    }
    if !flags.as_group.is_empty() {
        user.impersonate_groups = Some(flags.as_group.clone());
    }
    for (key, value) in &flags.as_user_extra {
        let extra = user.impersonate_user_extra.get_or_insert_default();
        extra.entry(key.clone()).or_default().push(value.clone());
    }
}
