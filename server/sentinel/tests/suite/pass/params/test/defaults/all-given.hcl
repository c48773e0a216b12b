param "required" {
  value = 1
}

param "text" {
  value = ""
}

param "number" {
  value = 3
}

param "fraction" {
  value = 0.25
}

param "flag" {
  value = true
}

param "items" {
  value = []
}

param "members" {
  value = { "x" = ["y"] }
}

test {
  rules = {
    main = true
    out  = [1, "", 3, 0.25, true, [], { "x" = ["y"] }]
  }
}
