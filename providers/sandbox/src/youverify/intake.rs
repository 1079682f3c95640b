//! A request to start a risk check, read as strictly as the vendor is taken to.

use serde_json::{Value, json};

use super::form::{Form, Problems, Reader};
use super::kyc::Kyc;
use super::profile::extended;
use super::report::number;

const KNOWN: &[&str] = &[
    "type",
    "firstName",
    "lastName",
    "businessName",
    "businessIndustry",
    "country",
    "city",
    "isSubjectConsent",
    "advanceOptions",
    "advancedOptions",
    "verificationId",
    "metadata",
];
const OPTIONS: &[&str] =
    &["idNumber", "idExpiryDate", "isIdVerified", "phoneNumber", "lengthOfStay", "occupation", "industry"];

/// Everything that a risk check depends on, and what its profile repeats.
pub(super) struct Intake {
    /// `individual` or `business`.
    pub(super) kind: String,
    /// First and last name, or the business name.
    pub(super) names: Vec<String>,
    pub(super) form: Form,
    pub(super) phone: Option<String>,
    /// The profile's `entityInformation`, without its id.
    pub(super) information: Value,
}

#[derive(Default)]
struct Options {
    id_number: Option<String>,
    id_expiry_date: Option<String>,
    verified: bool,
    phone: Option<String>,
    months: f64,
    occupation: Option<String>,
    industry: Option<String>,
}

// === impl Intake ===

impl Intake {
    pub(super) fn read(body: &Value) -> Result<Self, Problems> {
        let mut reader = Reader::new(body)?;
        reader.only_known(KNOWN);
        let name = reader.name();
        let business = reader.present("type") == Some(&json!("business"));
        let industry = if business { Some(reader.required("businessIndustry")) } else { None };
        let (city, country) = (reader.required("city"), reader.country());
        if reader.present("isSubjectConsent") != Some(&Value::Bool(true)) {
            reader.problem("isSubjectConsent", "must be true");
        }
        let options = Options::of(&mut reader);
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        let names = if business {
            vec![name.clone()]
        } else {
            vec![reader.required("firstName"), reader.required("lastName")]
        };
        let industry = industry.or_else(|| options.industry.clone());
        let information = information(&names, industry.as_deref(), (&country, &city), &options);
        let form = Form {
            name,
            city,
            country,
            industry,
            months_of_stay: options.months,
            months_of_account: 0.0,
            previous_media: 0.0,
            previous_risk: 0.0,
            media_range: Some((jiff::civil::Date::MIN, jiff::civil::Date::MAX)),
            kyc: if options.verified { Kyc::Client } else { Kyc::NotVerified },
        };
        let kind = if business { "business" } else { "individual" };
        Ok(Self { kind: kind.to_owned(), names, form, phone: options.phone, information })
    }
}

fn information(
    names: &[String],
    industry: Option<&str>,
    (country, city): (&str, &str),
    options: &Options,
) -> Value {
    let identity = json!({
        "idNumber": options.id_number, "idExpiryDate": options.id_expiry_date,
        "isIdVerified": options.verified, "phoneNumber": options.phone,
    });
    let geographic = json!({ "country": country, "city": city, "lengthOfStay": number(options.months) });
    if let [first, last] = names {
        let person = extended(identity, json!({ "firstName": first, "lastName": last }));
        let work = json!({ "occupation": options.occupation, "industry": industry });
        json!({ "personalInformation": person, "workInformation": work, "geographicInformation": geographic })
    } else {
        let names = json!({ "businessName": names.first(), "businessIndustry": industry });
        json!({ "businessInformation": extended(identity, names), "geographicInformation": geographic })
    }
}

// === impl Options ===

impl Options {
    /// The options under either of the two keys that the vendor's pages name.
    fn of(reader: &mut Reader<'_>) -> Self {
        let Some(options) = reader.present("advanceOptions").or_else(|| reader.present("advancedOptions"))
        else {
            return Self::default();
        };
        let mut inner = match Reader::new(options) {
            Ok(inner) => inner,
            Err(_) => {
                reader.problem("advanceOptions", "must be an object");
                return Self::default();
            }
        };
        inner.only_known(OPTIONS);
        let options = Self {
            id_number: inner.optional("idNumber"),
            id_expiry_date: inner.optional("idExpiryDate"),
            verified: inner.present("isIdVerified") == Some(&Value::Bool(true)),
            phone: inner.optional("phoneNumber"),
            months: months(&mut inner),
            occupation: inner.optional("occupation"),
            industry: inner.optional("industry"),
        };
        for (field, messages) in inner.problems {
            for message in messages {
                reader.problem(&format!("advanceOptions.{field}"), &message);
            }
        }
        options
    }
}

/// Months, which come as a string.
fn months(reader: &mut Reader<'_>) -> f64 {
    let Some(text) = reader.optional("lengthOfStay") else { return 0.0 };
    let months: Option<u32> = text.parse().ok();
    if months.is_none() {
        reader.problem("lengthOfStay", "must be a whole number of months");
    }
    f64::from(months.unwrap_or_default())
}
