# Short circuit: big is false, so found is never read.
param "names" {
  value = ["a"]
}

test {
  rules = {
    main  = false
    found = ["a"]
  }
}
