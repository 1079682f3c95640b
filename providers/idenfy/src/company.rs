//! Companies that the vendor verified, whose records tell their risk in short.

use risk_provider::{Call, ProviderAssessment, ProviderError, VendorReference};

use crate::{Idenfy, mapping::company};

/// What a reference to a company begins with; no id of the vendor's holds a colon.
const PREFIX: &str = "kyb:";

/// The reference under which a company's risk can be retrieved.
pub(crate) fn reference(company: &str) -> VendorReference {
    VendorReference(format!("{PREFIX}{company}"))
}

/// The company that `reference` is about; none for a reference to an assessment.
pub(crate) fn referred(reference: &VendorReference) -> Option<&str> {
    reference.0.strip_prefix(PREFIX)
}

impl Idenfy {
    /// Reads the risk that the record of a verified company holds; none for a company that was not assessed.
    ///
    /// It has neither factors nor the name of the subject. A score of 0, which means that nothing was answered,
    /// and a missing one leave no score, and no level below medium.
    ///
    /// # Errors
    ///
    /// As any read; `not_found` when the vendor knows no such company.
    pub async fn company(
        &self,
        call: &Call,
        company_id: &str,
    ) -> Result<Option<ProviderAssessment>, ProviderError> {
        let provider = &self.descriptor.name;
        self.client.company(call, company_id, |response| company::read(response, company_id, provider)).await
    }
}
