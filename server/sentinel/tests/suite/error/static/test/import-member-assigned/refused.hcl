# The error lies at: tfplan.resource_changes
test {
  rules = {
    main = false
  }
}
