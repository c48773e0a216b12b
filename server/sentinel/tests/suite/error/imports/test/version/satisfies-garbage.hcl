# The error lies at: version.new("1.0.0").sat("=> 1")
param "pick" {
  value = "satisfies-garbage"
}

test {
  rules = {
    main = false
  }
}
