# The error lies at: version.new("not a version")
param "pick" {
  value = "new-garbage"
}

test {
  rules = {
    main = false
  }
}
