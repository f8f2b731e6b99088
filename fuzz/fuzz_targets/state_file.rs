//! State files: what can be read is written as something that reads as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use recon::state::State;

fuzz_target!(|text: &str| {
    let Ok(Some(state)) = State::parse(text, "terraform.tfstate") else { return };
    // What the text lacks is filled in once: from then on nothing changes.
    let written = state.to_text();
    let again = State::parse(&written, "terraform.tfstate").expect("a written state can be read");
    let again = again.expect("a written state is one");
    assert_eq!(again.to_text(), written, "writing is not stable");
    assert_eq!(again.resources, state.resources, "resources are not what was written");
    assert_eq!(again.outputs, state.outputs, "outputs are not what was written");
});
