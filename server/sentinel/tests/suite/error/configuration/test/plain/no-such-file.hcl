mock "tfplan/v2" {
  module {
    source = "no-such-file.sentinel"
  }
}
