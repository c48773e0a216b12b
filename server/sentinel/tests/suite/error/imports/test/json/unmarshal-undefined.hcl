# The error lies at: json.unmarshal(undefined)
param "pick" {
  value = "unmarshal-undefined"
}

test {
  rules = {
    main = false
  }
}
