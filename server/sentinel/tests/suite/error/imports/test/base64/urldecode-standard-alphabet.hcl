# The error lies at: base64.urldecode("+//+")
param "pick" {
  value = "urldecode-standard-alphabet"
}

test {
  rules = {
    main = false
  }
}
