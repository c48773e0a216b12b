mock "tfplan/v2" {
  data = {}
}

mock "tfplan/v2" {
  data = {}
}
