# The error lies at: json.unmarshal(1)
param "pick" {
  value = "unmarshal-int"
}

test {
  rules = {
    main = false
  }
}
