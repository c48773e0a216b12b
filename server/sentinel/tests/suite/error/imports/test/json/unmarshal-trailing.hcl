# The error lies at: json.unmarshal("1 2")
param "pick" {
  value = "unmarshal-trailing"
}

test {
  rules = {
    main = false
  }
}
