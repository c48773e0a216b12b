//! The configurations that stories use, made of built-in resources: nothing is downloaded to plan or apply them.

/// One resource.
pub(crate) const ONE: &str = "\
resource \"terraform_data\" \"it\" {
  input = \"value\"
}
";

/// One resource and an output of it.
pub(crate) const WITH_OUTPUT: &str = "\
resource \"terraform_data\" \"it\" {
  input = \"value\"
}
output \"it\" {
  value = terraform_data.it.output
}
";

/// One output and nothing else: a change that touches no resource. Every version of terraform knows it.
pub(crate) fn output(value: &str) -> String {
    format!("output \"it\" {{\n  value = {value:?}\n}}\n")
}

/// What [`SLOW`] prints once its second resource is being created; it stands nowhere in the configuration itself.
pub(crate) const RUNNING: &str = "now-running";

/// A resource that is there at once, and a second one that takes longer than any story: to be interrupted.
pub(crate) const SLOW: &str = "\
resource \"terraform_data\" \"quick\" {
  input = \"quick\"
}
resource \"terraform_data\" \"slow\" {
  depends_on = [terraform_data.quick]
  provisioner \"local-exec\" {
    command = \"printf 'now-%s\\\\n' running; exec sleep 600\"
  }
}
";

/// A resource that is there at once, and a second one whose creation fails.
pub(crate) const HALF: &str = "\
resource \"terraform_data\" \"good\" {
  input = \"kept\"
}
resource \"terraform_data\" \"bad\" {
  depends_on = [terraform_data.good]
  provisioner \"local-exec\" {
    command = \"exit 7\"
  }
}
";
