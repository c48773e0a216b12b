import "module" "shapes" {
  source = "../../parts/shapes.sentinel"
}

mock "shapes" {
  data = {
    answer = "mocked"
  }
}

mock "units" {
  data = {
    kilobyte = 1000
  }
}

test {
  rules = {
    main = true
    out  = ["mocked", "none", 1000, "A"]
  }
}
