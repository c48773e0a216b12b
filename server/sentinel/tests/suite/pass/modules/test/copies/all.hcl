module "shapes" {
  source = "../../parts/shapes.sentinel"
}

test {
  rules = {
    main = true
    out  = [[1, 2, 9], [1, 2, 3], "X", 3, "yes"]
  }
}
