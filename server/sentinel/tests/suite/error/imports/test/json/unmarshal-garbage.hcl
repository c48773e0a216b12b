# The error lies at: json.unmarshal("{")
param "pick" {
  value = "unmarshal-garbage"
}

test {
  rules = {
    main = false
  }
}
