namespace InferenceServer.Inference.Grammar.Automata;

/// <summary>A rule of an automaton.</summary>
/// <param name="Name">How errors call it.</param>
/// <param name="Entry">Its first state.</param>
/// <param name="End">Its last state; nothing leaves it.</param>
internal sealed record AutomatonRule(string Name, int Entry, int End);
