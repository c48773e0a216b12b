# The error lies at: error("in the body")
param "where" {
  value = "body"
}

test {
  rules = {
    r = true
  }
}
