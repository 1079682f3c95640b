//! The kind `youverify-actor`, from the subject to the assessment through a scripted exchange.

#[cfg(test)]
mod answer;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod request;
#[cfg(test)]
mod rubbish;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod support;
#[cfg(test)]
mod words;
