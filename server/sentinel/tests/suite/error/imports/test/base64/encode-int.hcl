# The error lies at: base64.encode(1)
param "pick" {
  value = "encode-int"
}

test {
  rules = {
    main = false
  }
}
