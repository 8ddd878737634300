//! Why there is no component of an image.

/// Why there is no component of an image. In words that don't change from try to try.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ImageError {
    /// It is none by digest.
    #[error("{image:?} is no image by digest, as registry/repository@sha256:...: {reason}")]
    NotAnImage {
        /// As written.
        image: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The credentials can't be read.
    #[error("cannot read the registry credentials in {path}: {reason}")]
    Credentials {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The registry wants other credentials, or some.
    #[error(
        "registry {registry} does not let the webhook pull {image}: {given}; name a Docker \
         config.json with credentials for it by --registry-config of `sax-webhook serve`"
    )]
    Unauthorized {
        /// The registry's host.
        registry: String,
        /// The image.
        image: String,
        /// What it was shown.
        given: &'static str,
    },
    /// The registry has no such image.
    #[error("registry {registry} has no {image}: push it there, or correct the digest")]
    NotFound {
        /// The registry's host.
        registry: String,
        /// The image.
        image: String,
    },
    /// The registry gave something else.
    #[error("registry {registry} gave {found} for {expected}: nothing of it is used")]
    OtherDigest {
        /// The registry's host.
        registry: String,
        /// What was asked for.
        expected: String,
        /// What came.
        found: String,
    },
    /// More than is loaded.
    #[error("{what} of {image} has more than {limit} bytes, the most that are pulled")]
    TooLarge {
        /// The image.
        image: String,
        /// The manifest or the component.
        what: &'static str,
        /// In bytes.
        limit: usize,
    },
    /// It holds no component.
    #[error(
        "{image} has no layer of type application/wasm, only {found}: push the component with \
         `wkg oci push` or `oras push REF FILE.wasm:application/wasm`"
    )]
    NoComponent {
        /// The image.
        image: String,
        /// The types of its layers.
        found: String,
    },
    /// The registry doesn't answer, or not as registries do.
    #[error("cannot pull {image} from registry {registry}: {reason}; it is tried again")]
    Unreachable {
        /// The registry's host.
        registry: String,
        /// The image.
        image: String,
        /// Why.
        reason: String,
    },
}

impl ImageError {
    /// One word, for conditions and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            ImageError::NotAnImage { .. } => "InvalidSpec",
            ImageError::Credentials { .. } | ImageError::Unauthorized { .. } => "ImageUnauthorized",
            ImageError::NotFound { .. } => "ImageNotFound",
            ImageError::OtherDigest { .. } => "ImageDigestMismatch",
            ImageError::TooLarge { .. } => "ImageTooLarge",
            ImageError::NoComponent { .. } => "ImageWithoutComponent",
            ImageError::Unreachable { .. } => "ImageUnreachable",
        }
    }
}
