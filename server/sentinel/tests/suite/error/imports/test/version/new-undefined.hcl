# The error lies at: version.new(undefined)
param "pick" {
  value = "new-undefined"
}

test {
  rules = {
    main = false
  }
}
