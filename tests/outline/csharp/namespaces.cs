namespace Outer { namespace Inner { class C {} } record struct Pt(int X); }
void TopLevel() {}
Console.WriteLine("x");
