# The error lies at: import "tfplan/v2"
test {
  rules = {
    main = false
  }
}
