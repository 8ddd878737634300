//! From flags and a values file to a deployment: what `init`, `deploy` and `diff` have in common.

use tpu::sax::CellName;

use crate::cluster::{ConnectionFlags, offline_namespace};
use crate::failure::Failure;
use crate::layout::Subject;
use crate::plan::{Plan, Wish, plan};
use crate::printer::Printer;
use crate::scaffold::{Images, Names, Object, Request, RequestError, check_placeholder, objects};
use crate::values::{Values, ValuesFlags, read};

/// The tutorial's cell.
const CELL: &str = "/sax/test";

/// A deployment, planned and checked.
pub(super) struct Deployment {
    /// What it is made of, with nothing left to defaults.
    pub(super) values: Values,
    /// The same, checked.
    pub(super) request: Request,
    /// Its hardware.
    pub(super) plan: Plan,
    /// Its objects in the order of their needs.
    pub(super) objects: Vec<Object>,
}

impl Deployment {
    /// Of flags, with the rest from the file that they name.
    pub(super) fn of(
        name: Option<&str>,
        flags: &ValuesFlags,
        connection: &ConnectionFlags,
    ) -> Result<Self, Failure> {
        let said = Values {
            name: name.map(str::to_owned),
            ..flags.values.clone()
        };
        let Some(path) = &flags.filename else {
            return Self::of_values(said, connection);
        };
        let values = said.or(read(path)?);
        // Where a flag has a say, its name in the message is enough.
        let from_file = flags.values == Values::default();
        Self::of_values(values, connection).map_err(|cause| match from_file {
            true => Failure::InValues {
                path: path.clone(),
                cause: Box::new(cause),
            },
            false => cause,
        })
    }

    /// What the user should know of it.
    pub(super) fn tell(&self, printer: &Printer) -> Result<(), Failure> {
        printer.note(&self.plan.to_string())?;
        for note in &self.plan.notes {
            printer.warning(note)?;
        }
        match identity_warning(&self.request, &self.plan) {
            Some(warning) => Ok(printer.warning(&warning)?),
            None => Ok(()),
        }
    }

    /// With all that its files say of it.
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            values: &self.values,
            request: &self.request,
            plan: &self.plan,
            objects: &self.objects,
        }
    }

    fn of_values(values: Values, connection: &ConnectionFlags) -> Result<Self, Failure> {
        if let Some(version) = &values.image_version {
            check_placeholder("--image-version", version)?;
        }
        let images = images(&values);
        let name = values.name.clone().ok_or(RequestError::NoName)?;
        let names = Names::of(&name).map_err(RequestError::from)?;
        let plan = plan(&wish(&values, &images))?;
        let request = Request {
            names,
            namespace: offline_namespace(connection)?,
            bucket: values.bucket.clone().ok_or(RequestError::NoBucket)?,
            cell: cell(values.cell.as_deref().unwrap_or(CELL))?,
            google_service_account: values.google_service_account.clone(),
            service_account: values
                .service_account
                .clone()
                .unwrap_or_else(|| format!("{name}-sa")),
            service_account_is_given: values.service_account.is_some(),
            expose: values.expose.unwrap_or_default(),
            images,
        };
        request.check(&plan)?;
        Ok(Self {
            values: settled(values, &request, &plan),
            objects: objects(&request, &plan),
            request,
            plan,
        })
    }
}

/// The values with what followed from them and from defaults, so that another version of this
/// program makes the same of them.
fn settled(values: Values, request: &Request, plan: &Plan) -> Values {
    let images = request.images.clone();
    Values {
        slice: Some(plan.slice.to_string()),
        accelerator: None,
        replicas: Some(plan.replicas),
        cell: Some(request.cell.to_string()),
        expose: Some(request.expose),
        image_version: None,
        admin_image: Some(images.admin),
        model_image: Some(images.model),
        http_image: Some(images.http),
        ..values
    }
}

fn images(values: &Values) -> Images {
    let published = Images::of(values.image_version.as_deref());
    Images {
        admin: values.admin_image.clone().unwrap_or(published.admin),
        model: values.model_image.clone().unwrap_or(published.model),
        http: values.http_image.clone().unwrap_or(published.http),
    }
}

fn wish(values: &Values, images: &Images) -> Wish {
    Wish {
        model: values.model.clone(),
        parameters: values.params,
        dtype: values.dtype,
        slice: values.slice.clone(),
        accelerator: values.accelerator.clone(),
        headroom: values.hbm_headroom.unwrap_or_default(),
        replicas: values.replicas.unwrap_or(1),
        model_image: images.model.clone(),
    }
}

fn cell(text: &str) -> Result<CellName, RequestError> {
    CellName::parse(text).map_err(|cause| RequestError::Cell {
        value: text.to_owned(),
        cause,
    })
}

/// Who the Pods are to Google, where that isn't the account that was asked for.
fn identity_warning(request: &Request, plan: &Plan) -> Option<String> {
    match &request.google_service_account {
        None => Some(
            "without --google-service-account the Pods act as their node's service account, \
             which must be able to write to the bucket"
                .to_owned(),
        ),
        Some(account) if plan.is_multi_host() => Some(format!(
            "the model servers are on their nodes' network, where Pods act as their node's \
             service account and not as {account}: it must be able to read the bucket too"
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
#[path = "deployment_tests.rs"]
mod tests;
