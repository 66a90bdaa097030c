//! `/certificates/{school}/{code}.pdf` and `.svg`: a certificate as it stands now, drawn for whoever knows its code.

use axum::{
    Extension,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use lectern_kernel::{
    clock,
    error::{Code, Error},
};

use super::{AppState, CorrelationId, client_address, error_response, graphql::peer};
use crate::domains::certificates::{DRAWINGS, Form, draw};

/// Nothing is loaded and nothing is run; the picture may be shown in other pages.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Draws one; 404 where there is no such code.
pub async fn show(
    State(state): State<AppState>,
    Extension(CorrelationId(id)): Extension<CorrelationId>,
    Path((school, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let address = client_address::of(peer(&parts.extensions), &parts.headers, &state.options.trusted_proxies);
    let drawn = async {
        if let Some(address) = &address {
            state.engine.budgets().spend(&DRAWINGS, &[address.as_bytes()], 1, clock::now())?;
        }
        let (code, form, media) = match name.rsplit_once('.') {
            Some((code, "pdf")) => (code, Form::Pdf, "application/pdf"),
            Some((code, "svg")) => (code, Form::Svg, "image/svg+xml"),
            _ => return Err(Error::not_found("certificate")),
        };
        let drawn = draw(state.engine.pool(), &school, code, form, &id).await?.ok_or_else(|| Error::not_found("certificate"))?;
        Ok::<_, Error>((media, drawn))
    };
    match drawn.await {
        Ok((media, drawn)) => {
            // It may be revoked at any moment: nobody keeps it.
            let headers = [
                (header::CONTENT_TYPE, media),
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::CACHE_CONTROL, "no-store"),
                (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
            ];
            (headers, drawn).into_response()
        }
        Err(error) => {
            let status = match error.code() {
                Code::NotFound => StatusCode::NOT_FOUND,
                Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
                Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            let wait = error.retry_after();
            let mut response = error_response(status, error, &id);
            if let Some(wait) = wait {
                response.headers_mut().insert(header::RETRY_AFTER, wait.into());
            }
            response
        }
    }
}
