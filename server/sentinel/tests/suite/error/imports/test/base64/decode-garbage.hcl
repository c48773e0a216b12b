# The error lies at: base64.decode("*")
param "pick" {
  value = "decode-garbage"
}

test {
  rules = {
    main = false
  }
}
