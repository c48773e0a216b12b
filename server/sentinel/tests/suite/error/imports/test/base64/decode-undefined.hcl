# The error lies at: base64.decode(undefined)
param "pick" {
  value = "decode-undefined"
}

test {
  rules = {
    main = false
  }
}
