import "static" "people" {
  source = "../../parts/people.json"
  format = "json"
}

test {
  rules = {
    main   = true
    names  = ["Ada", "Bo"]
    adults = [{ name = "Ada", age = 36 }]
    out    = [2, null, "none", true, 37]
  }
}
