mock "tfplan" {
  module {
    source = "../../mocks/first.sentinel"
  }
}
