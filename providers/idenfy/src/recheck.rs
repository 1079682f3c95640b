//! Other answers to an earlier check.

use async_trait::async_trait;
use risk_provider::{
    Call, ProviderAssessment, ProviderError, Recheck, Subject, VendorReference, VendorResponse,
};

use crate::{
    Idenfy, Prepared, client,
    mapping::{Asked, Reader, failure::About, recheck},
    questionnaires::fingerprint,
    wire::{Question, Section},
};

#[async_trait]
impl Recheck for Idenfy {
    async fn recheck(
        &self,
        call: &Call,
        reference: &VendorReference,
        subject: &Subject,
    ) -> Result<ProviderAssessment, ProviderError> {
        client::id(&reference.0)?;
        let prepared = self.prepare(call, subject).await?;
        let Prepared { questionnaire, body, .. } = &prepared;
        let plan = &questionnaire.plan;
        let about = About { subject, today: call.today(), plan };
        let profile = self.client.profile_id();
        let asked = Asked { subject, updated: Some(reference), profile, strict: self.strict_subject_match };
        let field_of = |section: &Section, question: &Question| questionnaire.field_of(section, question);
        let reader = Reader { provider: &self.descriptor.name, field_of: &field_of };
        let decode = |response: &VendorResponse| {
            let (assessment, repeated) = reader.check(response, &asked)?;
            let answered = recheck::is_answered(plan, body, &repeated);
            let assessment = if answered { assessment } else { recheck::without_judgement(assessment) };
            Ok((assessment, fingerprint(profile, &self.mapped, &repeated)))
        };
        let outcome = self.client.update(call, reference, body, &about, decode).await;
        self.review(questionnaire, &outcome);
        let (assessment, repeated) = outcome?;
        Ok(prepared.mark(assessment, &repeated))
    }
}
