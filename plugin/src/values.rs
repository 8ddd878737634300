//! What a deployment is made of: the same as flags and as a file, which `init` writes and
//! `deploy -f` reads. `--google-service-account` is `googleServiceAccount` there.

mod file;

use clap::Args;
use serde::Serialize;

use crate::completion;
use crate::plan::{Dtype, Headroom, Parameters};
use crate::scaffold::Expose;

pub(crate) use file::{SCHEMA, ValuesError, read};

/// What a deployment is made of; what isn't said has a default or follows from the rest.
#[derive(Debug, Clone, Default, PartialEq, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Values {
    /// The deployment's name. Where it is an argument of the command line it is one of the verb.
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,

    /// Saxml model class, such as lm_cloud.LmCloudSpmd175B32Test; it decides the slice where
    /// none is named
    #[arg(long, value_name = "CLASS", add = completion::classes())]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,

    /// Parameters of the model, such as 175B; for classes that the catalogue doesn't know, and
    /// instead of what it knows
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) params: Option<Parameters>,

    /// Type of the weights: f32, bf16, f16 or int8 [default: the class's own, else bf16]
    #[arg(long, value_name = "TYPE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dtype: Option<Dtype>,

    /// Memory of a slice that the weights must leave free, such as 10% [default: 0%]
    #[arg(long, value_name = "PERCENT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hbm_headroom: Option<Headroom>,

    /// Slice behind each model server, such as v5e:4x8
    #[arg(long, value_name = "ACCELERATOR:TOPOLOGY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slice: Option<String>,

    /// Accelerator to choose a slice of, such as v4 [default: v5e]
    #[arg(long, value_name = "NAME", conflicts_with = "slice")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accelerator: Option<String>,

    /// Model servers, each on a slice of its own [default: 1]
    #[arg(long, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replicas: Option<u32>,

    /// Cloud Storage bucket for the cell's state, without gs://
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bucket: Option<String>,

    /// Sax cell: /sax/ and a name [default: /sax/test]
    #[arg(long, value_name = "CELL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cell: Option<String>,

    /// Google service account that the Pods act as
    #[arg(long, value_name = "EMAIL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) google_service_account: Option<String>,

    /// Kubernetes service account of the Pods [default: NAME-sa]
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service_account: Option<String>,

    /// Who reaches the HTTP server, which has no authentication [default: none]
    #[arg(long, value_enum, value_name = "WHO")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expose: Option<Expose>,

    /// Version of the published images [default: v1.1.0, as in Google's tutorial]
    #[arg(long, value_name = "TAG")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_version: Option<String>,

    /// Image of the admin server
    #[arg(long, value_name = "IMAGE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) admin_image: Option<String>,

    /// Image of the model servers
    #[arg(long, value_name = "IMAGE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model_image: Option<String>,

    /// Image of the HTTP server
    #[arg(long, value_name = "IMAGE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http_image: Option<String>,
}

/// The flags of a deployment, and the file that has the rest.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ValuesFlags {
    /// File of values, as `kubectl sax init` writes it, or - for stdin; flags win over it
    #[arg(short, long, value_name = "FILE")]
    pub(crate) filename: Option<std::path::PathBuf>,

    #[command(flatten)]
    pub(crate) values: Values,
}

impl Values {
    /// These, and the others where these say nothing. A slice and an accelerator to choose one of
    /// are two ways to say one thing.
    pub(crate) fn or(self, others: Self) -> Self {
        let says_slice = self.slice.is_some() || self.accelerator.is_some();
        let (slice, accelerator) = match says_slice {
            true => (None, None),
            false => (others.slice, others.accelerator),
        };
        Self {
            name: self.name.or(others.name),
            model: self.model.or(others.model),
            params: self.params.or(others.params),
            dtype: self.dtype.or(others.dtype),
            hbm_headroom: self.hbm_headroom.or(others.hbm_headroom),
            slice: self.slice.or(slice),
            accelerator: self.accelerator.or(accelerator),
            replicas: self.replicas.or(others.replicas),
            bucket: self.bucket.or(others.bucket),
            cell: self.cell.or(others.cell),
            google_service_account: self
                .google_service_account
                .or(others.google_service_account),
            service_account: self.service_account.or(others.service_account),
            expose: self.expose.or(others.expose),
            image_version: self.image_version.or(others.image_version),
            admin_image: self.admin_image.or(others.admin_image),
            model_image: self.model_image.or(others.model_image),
            http_image: self.http_image.or(others.http_image),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SCHEMA, Values};

    /// The other direction, that the schema's keys are flags, is what reads a file.
    #[test]
    fn every_value_is_in_the_schema() {
        let text = |text: &str| Some(text.to_owned());
        let all = Values {
            name: text("sax"),
            model: text("lm_cloud.LmCloudSpmd175B32Test"),
            params: "175B".parse().ok(),
            dtype: "bf16".parse().ok(),
            hbm_headroom: "10%".parse().ok(),
            slice: text("v5e:4x8"),
            accelerator: text("v5e"),
            replicas: Some(1),
            bucket: text("b-1"),
            cell: text("/sax/test"),
            google_service_account: text("a@p.iam.gserviceaccount.com"),
            service_account: text("sax-sa"),
            expose: Some(crate::scaffold::Expose::None),
            image_version: text("v1.1.0"),
            admin_image: text("a"),
            model_image: text("b"),
            http_image: text("c"),
        };
        let values = serde_json::to_value(&all).expect("values must be JSON");
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).expect("must be JSON");
        let keys = |value: &serde_json::Value| {
            let keys = value.as_object().expect("must be an object").keys();
            keys.cloned().collect::<Vec<_>>()
        };
        assert_eq!(keys(&values), keys(&schema["properties"]));
    }
}
